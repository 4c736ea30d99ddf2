// Consumer groups of the new kind (KIP-848) in `__consumer_offsets`.
package import Base

/// Which group.
package struct ConsumerGroupMetadataKey: RecordMessage {
    package static let recordType: Int16 = 3
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of a consumer group (KIP-848) and what it was computed from.
package struct ConsumerGroupMetadataValue: RecordMessage {
    package static let recordType: Int16 = 3
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var epoch: Int32 = 0
    package var metadataHash: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("epoch", &epoch)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: metadataHash != 0) { try c.int64("metadataHash", &metadataHash) }
        try c.endTags(&tags)
    }
}

/// Which group.
package struct ConsumerGroupPartitionMetadataKey: RecordMessage {
    package static let recordType: Int16 = 4
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The partitions that a group had last seen (no longer written).
package struct ConsumerGroupPartitionMetadataValue: RecordMessage {
    package static let recordType: Int16 = 4
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topics: [TopicMetadata] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicMetadata: Structure {
        package var topicID = UUID.zero
        package var topicName: Name = ""
        package var numPartitions: Int32 = 0
        package var partitionMetadata: [PartitionMetadata] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.string("topicName", &topicName)
            try c.int32("numPartitions", &numPartitions)
            try c.array("partitionMetadata", &partitionMetadata)
            try c.tags()
        }
    }

    /// An element of `partitionMetadata`.
    package struct PartitionMetadata: Structure {
        package var partition: Int32 = 0
        package var racks: [Name] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.array("racks", &racks)
            try c.tags()
        }
    }
}

/// Which member of which group.
package struct ConsumerGroupMemberMetadataKey: RecordMessage {
    package static let recordType: Int16 = 5
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a consumer group (KIP-848) said of itself.
package struct ConsumerGroupMemberMetadataValue: RecordMessage {
    package static let recordType: Int16 = 5
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var instanceID: Name? = ""
    package var rackID: Name? = ""
    package var clientID: Name = ""
    package var clientHost = ""
    package var subscribedTopicNames: [Name] = []
    package var subscribedTopicRegex: Name? = ""
    package var rebalanceTimeoutMs: Int32 = -1
    package var serverAssignor: Name? = ""
    package var classicMemberMetadata: ClassicMemberMetadata?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("instanceId", &instanceID)
        try c.nullableString("rackId", &rackID)
        try c.string("clientId", &clientID)
        try c.string("clientHost", &clientHost)
        try c.array("subscribedTopicNames", &subscribedTopicNames)
        try c.nullableString("subscribedTopicRegex", &subscribedTopicRegex)
        try c.int32("rebalanceTimeoutMs", &rebalanceTimeoutMs)
        try c.nullableString("serverAssignor", &serverAssignor)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: classicMemberMetadata != nil) {
            try c.nullableStructure("classicMemberMetadata", &classicMemberMetadata)
        }
        try c.endTags(&tags)
    }

    /// The value of `classicMemberMetadata`.
    package struct ClassicMemberMetadata: Structure {
        package var sessionTimeoutMs: Int32 = 0
        package var supportedProtocols: [ClassicProtocol] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("sessionTimeoutMs", &sessionTimeoutMs)
            try c.array("supportedProtocols", &supportedProtocols)
            try c.tags()
        }
    }

    /// An element of `supportedProtocols`.
    package struct ClassicProtocol: Structure {
        package var name: Name = ""
        package var metadata: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.bytes("metadata", &metadata)
            try c.tags()
        }
    }
}

/// Which group.
package struct ConsumerGroupTargetAssignmentMetadataKey: RecordMessage {
    package static let recordType: Int16 = 6
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of the assignment that a consumer group (KIP-848) is moving to.
package struct ConsumerGroupTargetAssignmentMetadataValue: RecordMessage {
    package static let recordType: Int16 = 6
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
package struct ConsumerGroupTargetAssignmentMemberKey: RecordMessage {
    package static let recordType: Int16 = 7
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// The assignment that a member of a consumer group (KIP-848) is moving to.
package struct ConsumerGroupTargetAssignmentMemberValue: RecordMessage {
    package static let recordType: Int16 = 7
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topicPartitions: [TopicPartition] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topicPartitions", &topicPartitions)
        try c.tags()
    }

    /// An element of `topicPartitions`.
    package struct TopicPartition: Structure {
        package var topicID = UUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// Which member of which group.
package struct ConsumerGroupCurrentMemberAssignmentKey: RecordMessage {
    package static let recordType: Int16 = 8
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a consumer group (KIP-848) holds now.
package struct ConsumerGroupCurrentMemberAssignmentValue: RecordMessage {
    package static let recordType: Int16 = 8
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var memberEpoch: Int32 = 0
    package var previousMemberEpoch: Int32 = 0
    package var state: Int8 = 0
    package var assignedPartitions: [TopicPartitions] = []
    package var partitionsPendingRevocation: [TopicPartitions] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("previousMemberEpoch", &previousMemberEpoch)
        try c.int8("state", &state)
        try c.array("assignedPartitions", &assignedPartitions)
        try c.array("partitionsPendingRevocation", &partitionsPendingRevocation)
        try c.tags()
    }

    /// An element of `assignedPartitions` and `partitionsPendingRevocation`.
    package struct TopicPartitions: Structure {
        package var topicID = UUID.zero
        package var partitions: [Int32] = []
        package var assignmentEpochs: [Int32]?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            var tags = try c.beginTags()
            if try c.tag(0, &tags, when: assignmentEpochs != nil) {
                try c.nullableArray("assignmentEpochs", &assignmentEpochs)
            }
            try c.endTags(&tags)
        }
    }
}

/// Which expression of which group.
package struct ConsumerGroupRegularExpressionKey: RecordMessage {
    package static let recordType: Int16 = 16
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var regularExpression: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("regularExpression", &regularExpression)
    }
}

/// The topics that an expression matched.
package struct ConsumerGroupRegularExpressionValue: RecordMessage {
    package static let recordType: Int16 = 16
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topics: [Name] = []
    package var version: Int64 = 0
    package var timestamp: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.int64("version", &version)
        try c.int64("timestamp", &timestamp)
        try c.tags()
    }
}
