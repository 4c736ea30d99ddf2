// StreamsGroupHeartbeat (key 88, v0, flexible): joining, staying in and leaving a streams group (KIP-1071).
package import Base

/// The body of a StreamsGroupHeartbeat request; answered by `StreamsGroupHeartbeatResponse`.
package struct StreamsGroupHeartbeatRequest: RequestMessage {
    package typealias Reply = StreamsGroupHeartbeatResponse
    package static let key = APIKey.streamsGroupHeartbeat
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupID: Name = ""
    package var memberID: Name = ""
    package var memberEpoch: Int32 = 0
    package var endpointInformationEpoch: Int32 = 0
    package var instanceID: Name?
    package var rackID: Name?
    package var rebalanceTimeoutMs: Int32 = -1
    package var topology: Topology?
    package var activeTasks: [TaskIds]?
    package var standbyTasks: [TaskIds]?
    package var warmupTasks: [TaskIds]?
    package var processID: Name?
    package var userEndpoint: Endpoint?
    package var clientTags: [KeyValue]?
    package var taskOffsets: [TaskOffset]?
    package var taskEndOffsets: [TaskOffset]?
    package var shutdownApplication = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("endpointInformationEpoch", &endpointInformationEpoch)
        try c.nullableString("instanceId", &instanceID)
        try c.nullableString("rackId", &rackID)
        try c.int32("rebalanceTimeoutMs", &rebalanceTimeoutMs)
        try c.nullableStructure("topology", &topology)
        try c.nullableArray("activeTasks", &activeTasks)
        try c.nullableArray("standbyTasks", &standbyTasks)
        try c.nullableArray("warmupTasks", &warmupTasks)
        try c.nullableString("processId", &processID)
        try c.nullableStructure("userEndpoint", &userEndpoint)
        try c.nullableArray("clientTags", &clientTags)
        try c.nullableArray("taskOffsets", &taskOffsets)
        try c.nullableArray("taskEndOffsets", &taskEndOffsets)
        try c.bool("shutdownApplication", &shutdownApplication)
        try c.tags()
    }

    /// The value of `topology`.
    package struct Topology: Structure {
        package var epoch: Int32 = 0
        package var subtopologies: [Subtopology] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("epoch", &epoch)
            try c.array("subtopologies", &subtopologies)
            try c.tags()
        }
    }

    /// An element of `subtopologies`.
    package struct Subtopology: Structure {
        package var subtopologyID: Name = ""
        package var sourceTopics: [Name] = []
        package var sourceTopicRegex: [Name] = []
        package var stateChangelogTopics: [TopicInfo] = []
        package var repartitionSinkTopics: [Name] = []
        package var repartitionSourceTopics: [TopicInfo] = []
        package var copartitionGroups: [CopartitionGroup] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("subtopologyId", &subtopologyID)
            try c.array("sourceTopics", &sourceTopics)
            try c.array("sourceTopicRegex", &sourceTopicRegex)
            try c.array("stateChangelogTopics", &stateChangelogTopics)
            try c.array("repartitionSinkTopics", &repartitionSinkTopics)
            try c.array("repartitionSourceTopics", &repartitionSourceTopics)
            try c.array("copartitionGroups", &copartitionGroups)
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

    /// An element of `copartitionGroups`.
    package struct CopartitionGroup: Structure {
        package var sourceTopics: [Int16] = []
        package var sourceTopicRegex: [Int16] = []
        package var repartitionSourceTopics: [Int16] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("sourceTopics", &sourceTopics)
            try c.array("sourceTopicRegex", &sourceTopicRegex)
            try c.array("repartitionSourceTopics", &repartitionSourceTopics)
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
}

/// The body of the reply to `StreamsGroupHeartbeatRequest`.
package struct StreamsGroupHeartbeatResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.streamsGroupHeartbeat
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var memberID: Name = ""
    package var memberEpoch: Int32 = 0
    package var heartbeatIntervalMs: Int32 = 0
    package var acceptableRecoveryLag: Int32 = 0
    package var taskOffsetIntervalMs: Int32 = 0
    package var status: [Status]? = []
    package var activeTasks: [TaskIds]?
    package var standbyTasks: [TaskIds]?
    package var warmupTasks: [TaskIds]?
    package var endpointInformationEpoch: Int32 = 0
    package var partitionsByUserEndpoint: [EndpointToPartitions]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.string("memberId", &memberID)
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("heartbeatIntervalMs", &heartbeatIntervalMs)
        try c.int32("acceptableRecoveryLag", &acceptableRecoveryLag)
        try c.int32("taskOffsetIntervalMs", &taskOffsetIntervalMs)
        try c.nullableArray("status", &status)
        try c.nullableArray("activeTasks", &activeTasks)
        try c.nullableArray("standbyTasks", &standbyTasks)
        try c.nullableArray("warmupTasks", &warmupTasks)
        try c.int32("endpointInformationEpoch", &endpointInformationEpoch)
        try c.nullableArray("partitionsByUserEndpoint", &partitionsByUserEndpoint)
        try c.tags()
    }

    /// An element of `status`.
    package struct Status: Structure {
        package var statusCode: Int8 = 0
        package var statusDetail: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("statusCode", &statusCode)
            try c.string("statusDetail", &statusDetail)
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

    /// An element of `partitionsByUserEndpoint`.
    package struct EndpointToPartitions: Structure {
        package var userEndpoint = Endpoint()
        package var activePartitions: [TopicPartition] = []
        package var standbyPartitions: [TopicPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.structure("userEndpoint", &userEndpoint)
            try c.array("activePartitions", &activePartitions)
            try c.array("standbyPartitions", &standbyPartitions)
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

    /// An element of `activePartitions` and `standbyPartitions`.
    package struct TopicPartition: Structure {
        package var topic: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}
