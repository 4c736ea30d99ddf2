// Streams groups (KIP-1071) in `__consumer_offsets`.
package import Base

/// Which group.
package struct StreamsGroupMetadataKey: RecordMessage {
    package static let recordType: Int16 = 17
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of a streams group (KIP-1071) and what it was computed from.
package struct StreamsGroupMetadataValue: RecordMessage {
    package static let recordType: Int16 = 17
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var epoch: Int32 = 0
    package var metadataHash: Int64 = 0
    package var validatedTopologyEpoch: Int32 = -1
    package var lastAssignmentConfigs: [LastAssignmentConfig]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("epoch", &epoch)
        try c.int64("metadataHash", &metadataHash)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: validatedTopologyEpoch != -1) {
            try c.int32("validatedTopologyEpoch", &validatedTopologyEpoch)
        }
        if try c.tag(1, &tags, when: lastAssignmentConfigs != nil) {
            try c.nullableArray("lastAssignmentConfigs", &lastAssignmentConfigs)
        }
        try c.endTags(&tags)
    }

    /// An element of `lastAssignmentConfigs`.
    package struct LastAssignmentConfig: Structure {
        package var key: Name = ""
        package var value = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("key", &key)
            try c.string("value", &value)
            try c.tags()
        }
    }
}

/// Which member of which group.
package struct StreamsGroupMemberMetadataKey: RecordMessage {
    package static let recordType: Int16 = 19
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a streams group (KIP-1071) said of itself.
package struct StreamsGroupMemberMetadataValue: RecordMessage {
    package static let recordType: Int16 = 19
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var instanceID: Name? = ""
    package var rackID: Name? = ""
    package var clientID: Name = ""
    package var clientHost = ""
    package var rebalanceTimeoutMs: Int32 = -1
    package var topologyEpoch: Int32 = 0
    package var processID: Name = ""
    package var userEndpoint: Endpoint?
    package var clientTags: [KeyValue] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("instanceId", &instanceID)
        try c.nullableString("rackId", &rackID)
        try c.string("clientId", &clientID)
        try c.string("clientHost", &clientHost)
        try c.int32("rebalanceTimeoutMs", &rebalanceTimeoutMs)
        try c.int32("topologyEpoch", &topologyEpoch)
        try c.string("processId", &processID)
        try c.nullableStructure("userEndpoint", &userEndpoint)
        try c.array("clientTags", &clientTags)
        try c.tags()
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

    /// An element of `clientTags`.
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
}

/// Which group.
package struct StreamsGroupTargetAssignmentMetadataKey: RecordMessage {
    package static let recordType: Int16 = 20
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of the assignment that a streams group (KIP-1071) is moving to.
package struct StreamsGroupTargetAssignmentMetadataValue: RecordMessage {
    package static let recordType: Int16 = 20
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var assignmentEpoch: Int32 = 0
    package var assignmentTimestamp: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("assignmentEpoch", &assignmentEpoch)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: assignmentTimestamp != 0) {
            try c.int64("assignmentTimestamp", &assignmentTimestamp)
        }
        try c.endTags(&tags)
    }
}

/// Which member of which group.
package struct StreamsGroupTargetAssignmentMemberKey: RecordMessage {
    package static let recordType: Int16 = 21
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// The assignment that a member of a streams group (KIP-1071) is moving to.
package struct StreamsGroupTargetAssignmentMemberValue: RecordMessage {
    package static let recordType: Int16 = 21
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

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

/// Which member of which group.
package struct StreamsGroupCurrentMemberAssignmentKey: RecordMessage {
    package static let recordType: Int16 = 22
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a streams group (KIP-1071) holds now.
package struct StreamsGroupCurrentMemberAssignmentValue: RecordMessage {
    package static let recordType: Int16 = 22
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var memberEpoch: Int32 = 0
    package var previousMemberEpoch: Int32 = 0
    package var state: Int8 = 0
    package var activeTasks: [TaskIds] = []
    package var standbyTasks: [TaskIds] = []
    package var warmupTasks: [TaskIds] = []
    package var activeTasksPendingRevocation: [TaskIds] = []
    package var standbyTasksPendingRevocation: [TaskIds] = []
    package var warmupTasksPendingRevocation: [TaskIds] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("previousMemberEpoch", &previousMemberEpoch)
        try c.int8("state", &state)
        try c.array("activeTasks", &activeTasks)
        try c.array("standbyTasks", &standbyTasks)
        try c.array("warmupTasks", &warmupTasks)
        try c.array("activeTasksPendingRevocation", &activeTasksPendingRevocation)
        try c.array("standbyTasksPendingRevocation", &standbyTasksPendingRevocation)
        try c.array("warmupTasksPendingRevocation", &warmupTasksPendingRevocation)
        try c.tags()
    }

    /// An element of `activeTasks`, `standbyTasks`, `warmupTasks`, `activeTasksPendingRevocation`,
    /// `standbyTasksPendingRevocation` and `warmupTasksPendingRevocation`.
    package struct TaskIds: Structure {
        package var subtopologyID: Name = ""
        package var partitions: [Int32] = []
        package var assignmentEpochs: [Int32]?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("subtopologyId", &subtopologyID)
            try c.array("partitions", &partitions)
            var tags = try c.beginTags()
            if try c.tag(0, &tags, when: assignmentEpochs != nil) {
                try c.nullableArray("assignmentEpochs", &assignmentEpochs)
            }
            try c.endTags(&tags)
        }
    }
}

/// Which group.
package struct StreamsGroupTopologyKey: RecordMessage {
    package static let recordType: Int16 = 23
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The topology of a streams group (KIP-1071).
package struct StreamsGroupTopologyValue: RecordMessage {
    package static let recordType: Int16 = 23
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var epoch: Int32 = 0
    package var subtopologies: [Subtopology] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("epoch", &epoch)
        try c.array("subtopologies", &subtopologies)
        try c.tags()
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
        package var topicConfigs: [TopicConfig] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int32("partitions", &partitions)
            try c.int16("replicationFactor", &replicationFactor)
            try c.array("topicConfigs", &topicConfigs)
            try c.tags()
        }
    }

    /// An element of `topicConfigs`.
    package struct TopicConfig: Structure {
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
}
