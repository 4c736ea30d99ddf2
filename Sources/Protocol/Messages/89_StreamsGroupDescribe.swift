// StreamsGroupDescribe (key 89, v0, flexible): the state, topology and members of streams groups
// (KIP-1071).
package import Base

/// The body of a StreamsGroupDescribe request; answered by `StreamsGroupDescribeResponse`.
package struct StreamsGroupDescribeRequest: RequestMessage {
    package typealias Reply = StreamsGroupDescribeResponse
    package static let key = APIKey.streamsGroupDescribe
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupIDs: [Name] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groupIds", &groupIDs)
        try c.bool("includeAuthorizedOperations", &includeAuthorizedOperations)
        try c.tags()
    }
}

/// The body of the reply to `StreamsGroupDescribeRequest`.
package struct StreamsGroupDescribeResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.streamsGroupDescribe
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var groups: [DescribedGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct DescribedGroup: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var groupID: Name = ""
        package var groupState: Name = ""
        package var groupEpoch: Int32 = 0
        package var assignmentEpoch: Int32 = 0
        package var topology: Topology?
        package var members: [Member] = []
        package var authorizedOperations: Int32 = .min

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.string("groupId", &groupID)
            try c.string("groupState", &groupState)
            try c.int32("groupEpoch", &groupEpoch)
            try c.int32("assignmentEpoch", &assignmentEpoch)
            try c.nullableStructure("topology", &topology)
            try c.array("members", &members)
            try c.int32("authorizedOperations", &authorizedOperations)
            try c.tags()
        }
    }

    /// The value of `topology`.
    package struct Topology: Structure {
        package var epoch: Int32 = 0
        package var subtopologies: [Subtopology]?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("epoch", &epoch)
            try c.nullableArray("subtopologies", &subtopologies)
            try c.tags()
        }
    }

    /// An element of `subtopologies`.
    package struct Subtopology: Structure {
        package var subtopologyID: Name = ""
        package var sourceTopics: [Name] = []
        package var repartitionSinkTopics: [Name] = []
        package var stateChangelogTopics: [TopicInfo] = []
        package var repartitionSourceTopics: [TopicInfo] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("subtopologyId", &subtopologyID)
            try c.array("sourceTopics", &sourceTopics)
            try c.array("repartitionSinkTopics", &repartitionSinkTopics)
            try c.array("stateChangelogTopics", &stateChangelogTopics)
            try c.array("repartitionSourceTopics", &repartitionSourceTopics)
            try c.tags()
        }
    }

    /// An element of `stateChangelogTopics` and `repartitionSourceTopics`.
    package struct TopicInfo: Structure {
        package var name: Name = ""
        package var partitions: Int32 = 0
        package var replicationFactor: Int16 = 0
        package var topicConfigs: [KeyValue] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int32("partitions", &partitions)
            try c.int16("replicationFactor", &replicationFactor)
            try c.array("topicConfigs", &topicConfigs)
            try c.tags()
        }
    }

    /// An element of `topicConfigs` and `clientTags`.
    package struct KeyValue: Structure {
        package var key: Name = ""
        package var value = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("key", &key)
            try c.string("value", &value)
            try c.tags()
        }
    }

    /// An element of `members`.
    package struct Member: Structure {
        package var memberID: Name = ""
        package var memberEpoch: Int32 = 0
        package var instanceID: Name?
        package var rackID: Name?
        package var clientID: Name = ""
        package var clientHost = ""
        package var topologyEpoch: Int32 = 0
        package var processID: Name = ""
        package var userEndpoint: Endpoint?
        package var clientTags: [KeyValue] = []
        package var taskOffsets: [TaskOffset] = []
        package var taskEndOffsets: [TaskOffset] = []
        package var assignment = Assignment()
        package var targetAssignment = Assignment()
        package var isClassic = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.int32("memberEpoch", &memberEpoch)
            try c.nullableString("instanceId", &instanceID)
            try c.nullableString("rackId", &rackID)
            try c.string("clientId", &clientID)
            try c.string("clientHost", &clientHost)
            try c.int32("topologyEpoch", &topologyEpoch)
            try c.string("processId", &processID)
            try c.nullableStructure("userEndpoint", &userEndpoint)
            try c.array("clientTags", &clientTags)
            try c.array("taskOffsets", &taskOffsets)
            try c.array("taskEndOffsets", &taskEndOffsets)
            try c.structure("assignment", &assignment)
            try c.structure("targetAssignment", &targetAssignment)
            try c.bool("isClassic", &isClassic)
            try c.tags()
        }
    }

    /// The value of `userEndpoint`.
    package struct Endpoint: Structure {
        package var host = ""
        package var port: UInt16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("host", &host)
            try c.uint16("port", &port)
            try c.tags()
        }
    }

    /// An element of `taskOffsets` and `taskEndOffsets`.
    package struct TaskOffset: Structure {
        package var subtopologyID: Name = ""
        package var partition: Int32 = 0
        package var offset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("subtopologyId", &subtopologyID)
            try c.int32("partition", &partition)
            try c.int64("offset", &offset)
            try c.tags()
        }
    }

    /// The value of `assignment` and `targetAssignment`.
    package struct Assignment: Structure {
        package var activeTasks: [TaskIds] = []
        package var standbyTasks: [TaskIds] = []
        package var warmupTasks: [TaskIds] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("activeTasks", &activeTasks)
            try c.array("standbyTasks", &standbyTasks)
            try c.array("warmupTasks", &warmupTasks)
            try c.tags()
        }
    }

    /// An element of `activeTasks`, `standbyTasks` and `warmupTasks`.
    package struct TaskIds: Structure {
        package var subtopologyID: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("subtopologyId", &subtopologyID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}
