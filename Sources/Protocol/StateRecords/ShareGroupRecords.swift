// Share groups (KIP-932) in `__consumer_offsets`.
package import Base

/// Which member of which group.
package struct ShareGroupMemberMetadataKey: RecordMessage {
    package static let recordType: Int16 = 10
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a share group (KIP-932) said of itself.
package struct ShareGroupMemberMetadataValue: RecordMessage {
    package static let recordType: Int16 = 10
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var rackID: Name? = ""
    package var clientID: Name = ""
    package var clientHost = ""
    package var subscribedTopicNames: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("rackId", &rackID)
        try c.string("clientId", &clientID)
        try c.string("clientHost", &clientHost)
        try c.array("subscribedTopicNames", &subscribedTopicNames)
        try c.tags()
    }
}

/// Which group.
package struct ShareGroupMetadataKey: RecordMessage {
    package static let recordType: Int16 = 11
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of a share group (KIP-932) and what it was computed from.
package struct ShareGroupMetadataValue: RecordMessage {
    package static let recordType: Int16 = 11
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var epoch: Int32 = 0
    package var metadataHash: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("epoch", &epoch)
        try c.int64("metadataHash", &metadataHash)
        try c.tags()
    }
}

/// Which group.
package struct ShareGroupTargetAssignmentMetadataKey: RecordMessage {
    package static let recordType: Int16 = 12
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The epoch of the assignment that a share group (KIP-932) is moving to.
package struct ShareGroupTargetAssignmentMetadataValue: RecordMessage {
    package static let recordType: Int16 = 12
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
package struct ShareGroupTargetAssignmentMemberKey: RecordMessage {
    package static let recordType: Int16 = 13
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// The assignment that a member of a share group (KIP-932) is moving to.
package struct ShareGroupTargetAssignmentMemberValue: RecordMessage {
    package static let recordType: Int16 = 13
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
package struct ShareGroupCurrentMemberAssignmentKey: RecordMessage {
    package static let recordType: Int16 = 14
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var memberID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.string("memberId", &memberID)
    }
}

/// What a member of a share group (KIP-932) holds now.
package struct ShareGroupCurrentMemberAssignmentValue: RecordMessage {
    package static let recordType: Int16 = 14
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var memberEpoch: Int32 = 0
    package var previousMemberEpoch: Int32 = 0
    package var state: Int8 = 0
    package var assignedPartitions: [TopicPartitions] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("memberEpoch", &memberEpoch)
        try c.int32("previousMemberEpoch", &previousMemberEpoch)
        try c.int8("state", &state)
        try c.array("assignedPartitions", &assignedPartitions)
        try c.tags()
    }

    /// An element of `assignedPartitions`.
    package struct TopicPartitions: Structure {
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

/// Which group.
package struct ShareGroupStatePartitionMetadataKey: RecordMessage {
    package static let recordType: Int16 = 15
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
    }
}

/// The partitions of a share group whose state has begun, or is being deleted.
package struct ShareGroupStatePartitionMetadataValue: RecordMessage {
    package static let recordType: Int16 = 15
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var initializingTopics: [TopicPartitionsInfo] = []
    package var initializedTopics: [TopicPartitionsInfo] = []
    package var deletingTopics: [TopicInfo] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("initializingTopics", &initializingTopics)
        try c.array("initializedTopics", &initializedTopics)
        try c.array("deletingTopics", &deletingTopics)
        try c.tags()
    }

    /// An element of `initializingTopics` and `initializedTopics`.
    package struct TopicPartitionsInfo: Structure {
        package var topicID = UUID.zero
        package var topicName: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `deletingTopics`.
    package struct TopicInfo: Structure {
        package var topicID = UUID.zero
        package var topicName: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.string("topicName", &topicName)
            try c.tags()
        }
    }
}
