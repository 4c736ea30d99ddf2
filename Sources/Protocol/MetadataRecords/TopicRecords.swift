// Topics and partitions in the metadata log.
// PartitionRecord: v1 directories (KIP-858) · v2 eligibleLeaderReplicas, lastKnownElr (KIP-966).
// PartitionChangeRecord: v1 directories (KIP-858) · v2 eligibleLeaderReplicas, lastKnownElr (KIP-966).
package import Base

/// A topic: its name and id.
package struct TopicRecord: RecordMessage {
    package static let recordType: Int16 = 2
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var name: Name = ""
    package var topicID = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("name", &name)
        try c.uuid("topicId", &topicID)
        try c.tags()
    }
}

/// A topic is gone, with all its partitions.
package struct RemoveTopicRecord: RecordMessage {
    package static let recordType: Int16 = 9
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topicID = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("topicId", &topicID)
        try c.tags()
    }
}

/// A partition, with replicas, leader and directories.
package struct PartitionRecord: RecordMessage {
    package static let recordType: Int16 = 3
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var partitionID: Int32 = -1
    package var topicID = UUID.zero
    package var replicas: [Int32] = []
    package var isr: [Int32] = []
    package var removingReplicas: [Int32] = []
    package var addingReplicas: [Int32] = []
    package var leader: Int32 = -1
    package var leaderRecoveryState: Int8 = 0
    package var leaderEpoch: Int32 = -1
    package var partitionEpoch: Int32 = -1
    package var directories: [UUID] = []
    package var eligibleLeaderReplicas: [Int32]?
    package var lastKnownElr: [Int32]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("partitionId", &partitionID)
        try c.uuid("topicId", &topicID)
        try c.array("replicas", &replicas)
        try c.array("isr", &isr)
        try c.array("removingReplicas", &removingReplicas)
        try c.array("addingReplicas", &addingReplicas)
        try c.int32("leader", &leader)
        try c.int32("leaderEpoch", &leaderEpoch)
        try c.int32("partitionEpoch", &partitionEpoch)
        if c.version >= 1 { try c.array("directories", &directories) }
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: leaderRecoveryState != 0) {
            try c.int8("leaderRecoveryState", &leaderRecoveryState)
        }
        if c.version >= 2, try c.tag(1, &tags, when: eligibleLeaderReplicas != nil) {
            try c.nullableArray("eligibleLeaderReplicas", &eligibleLeaderReplicas)
        }
        if c.version >= 2, try c.tag(2, &tags, when: lastKnownElr != nil) {
            try c.nullableArray("lastKnownElr", &lastKnownElr)
        }
        try c.endTags(&tags)
    }
}

/// What changed in a partition.
package struct PartitionChangeRecord: RecordMessage {
    package static let recordType: Int16 = 5
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var partitionID: Int32 = -1
    package var topicID = UUID.zero
    package var isr: [Int32]?
    package var leader: Int32 = -2
    package var replicas: [Int32]?
    package var removingReplicas: [Int32]?
    package var addingReplicas: [Int32]?
    package var leaderRecoveryState: Int8 = -1
    package var directories: [UUID]?
    package var eligibleLeaderReplicas: [Int32]?
    package var lastKnownElr: [Int32]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("partitionId", &partitionID)
        try c.uuid("topicId", &topicID)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: isr != nil) { try c.nullableArray("isr", &isr) }
        if try c.tag(1, &tags, when: leader != -2) { try c.int32("leader", &leader) }
        if try c.tag(2, &tags, when: replicas != nil) { try c.nullableArray("replicas", &replicas) }
        if try c.tag(3, &tags, when: removingReplicas != nil) {
            try c.nullableArray("removingReplicas", &removingReplicas)
        }
        if try c.tag(4, &tags, when: addingReplicas != nil) {
            try c.nullableArray("addingReplicas", &addingReplicas)
        }
        if try c.tag(5, &tags, when: leaderRecoveryState != -1) {
            try c.int8("leaderRecoveryState", &leaderRecoveryState)
        }
        if c.version >= 2, try c.tag(6, &tags, when: eligibleLeaderReplicas != nil) {
            try c.nullableArray("eligibleLeaderReplicas", &eligibleLeaderReplicas)
        }
        if c.version >= 2, try c.tag(7, &tags, when: lastKnownElr != nil) {
            try c.nullableArray("lastKnownElr", &lastKnownElr)
        }
        if c.version >= 1, try c.tag(8, &tags, when: directories != nil) {
            try c.nullableArray("directories", &directories)
        }
        try c.endTags(&tags)
    }
}

/// Forgets the eligible leaders of a topic, or of all (KIP-966).
package struct ClearElrRecord: RecordMessage {
    package static let recordType: Int16 = 28
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topicName: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("topicName", &topicName)
        try c.tags()
    }
}
