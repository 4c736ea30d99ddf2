// Offsets in `__consumer_offsets`.
// OffsetCommitValue: v1 expireTimestamp · v2 without expireTimestamp · v3 leaderEpoch · v4 flexible,
// topicId (KIP-915).
package import Base

/// Whose offset: group, topic, partition.
package struct OffsetCommitKey: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...0)

    package var group: Name = ""
    package var topic: Name = ""
    package var partition: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("group", &group)
        try c.string("topic", &topic)
        try c.int32("partition", &partition)
    }
}

/// How far the group has read the partition.
package struct OffsetCommitValue: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var offset: Int64 = 0
    package var leaderEpoch: Int32 = -1
    package var metadata = ""
    package var commitTimestamp: Int64 = 0
    package var expireTimestamp: Int64 = -1
    package var topicID = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int64("offset", &offset)
        if c.version >= 3 { try c.int32("leaderEpoch", &leaderEpoch) }
        try c.string("metadata", &metadata)
        try c.int64("commitTimestamp", &commitTimestamp)
        if c.version == 1 { try c.int64("expireTimestamp", &expireTimestamp) }
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: topicID != .zero) { try c.uuid("topicId", &topicID) }
        try c.endTags(&tags)
    }
}

/// The older kind of `OffsetCommitKey`.
package struct LegacyOffsetCommitKey: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0)

    package var group: Name = ""
    package var topic: Name = ""
    package var partition: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("group", &group)
        try c.string("topic", &topic)
        try c.int32("partition", &partition)
    }
}

/// The older kind of `OffsetCommitValue`.
package struct LegacyOffsetCommitValue: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0)

    package var offset: Int64 = 0
    package var metadata = ""
    package var commitTimestamp: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int64("offset", &offset)
        try c.string("metadata", &metadata)
        try c.int64("commitTimestamp", &commitTimestamp)
    }
}
