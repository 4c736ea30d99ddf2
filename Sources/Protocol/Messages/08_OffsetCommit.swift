// OffsetCommit (key 8, v0–10): stores how far a group has read.
// Request: v1 generationIdOrMemberEpoch, memberId, commitTimestamp · v2 retentionTimeMs, without
// commitTimestamp · v5 without retentionTimeMs · v6 committedLeaderEpoch · v7 groupInstanceId · v8 flexible
// · v9 same fields (KIP-848) · v10 topicId, without name (KIP-848).
// Reply: v3 throttleTimeMs · v8 flexible · v9 same fields (KIP-848) · v10 topicId, without name (KIP-848).
package import Base

/// The body of an OffsetCommit request; answered by `OffsetCommitResponse`.
package struct OffsetCommitRequest: RequestMessage {
    package typealias Reply = OffsetCommitResponse
    package static let key = APIKey.offsetCommit
    package static let versions = MessageVersions(0...10, flexibleFrom: 8)

    package var groupID: Name = ""
    /// Since v1: the generation of a classic member, or the epoch of a member of the new kind (v9); -1 from
    /// who is no member.
    package var generationIDOrMemberEpoch: Int32 = -1
    package var memberID: Name = ""
    /// Since v7: the name of a static member (KIP-345).
    package var groupInstanceID: Name?
    /// v2 to v4: how long to keep the offsets; -1 for as long as the broker does.
    package var retentionTimeMs: Int64 = -1
    package var topics: [OffsetCommitRequestTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        if c.version >= 1 {
            try c.int32("generationIdOrMemberEpoch", &generationIDOrMemberEpoch)
            try c.string("memberId", &memberID)
        }
        if c.version >= 7 { try c.nullableString("groupInstanceId", &groupInstanceID) }
        if (2...4).contains(c.version) { try c.int64("retentionTimeMs", &retentionTimeMs) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetCommitRequestTopic: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var partitions: [OffsetCommitRequestPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 9 { try c.string("name", &name) }
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OffsetCommitRequestPartition: Structure {
        package var partitionIndex: Int32 = 0
        package var committedOffset: Int64 = 0
        /// Since v6: the epoch of the last record that was read; -1 if not known.
        package var committedLeaderEpoch: Int32 = -1
        /// v1 only: since when the offset counts; -1 for now.
        package var commitTimestamp: Int64 = -1
        /// Whatever the client wants to find with the offset.
        package var committedMetadata: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("committedOffset", &committedOffset)
            if c.version >= 6 { try c.int32("committedLeaderEpoch", &committedLeaderEpoch) }
            if c.version == 1 { try c.int64("commitTimestamp", &commitTimestamp) }
            try c.nullableString("committedMetadata", &committedMetadata)
            try c.tags()
        }
    }
}

/// The body of the reply to `OffsetCommitRequest`.
package struct OffsetCommitResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.offsetCommit
    package static let versions = MessageVersions(0...10, flexibleFrom: 8)

    package var throttleTimeMs: Int32 = 0
    package var topics: [OffsetCommitResponseTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetCommitResponseTopic: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var partitions: [OffsetCommitResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 9 { try c.string("name", &name) }
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OffsetCommitResponsePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
