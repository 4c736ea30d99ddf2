// OffsetFetch (key 9, v0–10): how far groups have read.
// Request: v2 topics may be null · v6 flexible · v7 requireStable · v8 groups, without groupId, topics · v9
// memberId, memberEpoch (KIP-848) · v10 topicId, without name (KIP-848).
// Reply: v2 errorCode · v3 throttleTimeMs · v5 committedLeaderEpoch · v6 flexible · v8 groups, without
// topics, errorCode · v9 same fields (KIP-848) · v10 topicId, without name (KIP-848).
package import Base

/// The body of an OffsetFetch request; answered by `OffsetFetchResponse`.
package struct OffsetFetchRequest: RequestMessage {
    package typealias Reply = OffsetFetchResponse
    package static let key = APIKey.offsetFetch
    package static let versions = MessageVersions(0...10, flexibleFrom: 6)

    package var groupID: Name = ""
    /// Up to v7; since v2 null stands for all that the group has offsets of.
    package var topics: [OffsetFetchRequestTopic]? = []
    /// Since v8, instead of one group.
    package var groups: [OffsetFetchRequestGroup] = []
    /// Since v7: whether offsets that open transactions may still change are refused (KIP-447).
    package var requireStable = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version <= 7 {
            try c.string("groupId", &groupID)
            try c.nullableArray("topics", &topics, nullable: c.version >= 2)
        }
        if c.version >= 8 { try c.array("groups", &groups) }
        if c.version >= 7 { try c.bool("requireStable", &requireStable) }
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetFetchRequestTopic: Structure {
        package var name: Name = ""
        package var partitionIndexes: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitionIndexes", &partitionIndexes)
            try c.tags()
        }
    }

    /// An element of `groups`.
    package struct OffsetFetchRequestGroup: Structure {
        package var groupID: Name = ""
        package var memberID: Name?
        /// Since v9: the epoch of a member of the new kind, which must be the present one; -1 is not
        /// compared.
        package var memberEpoch: Int32 = -1
        /// Null stands for all that the group has offsets of.
        package var topics: [OffsetFetchRequestTopics]? = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            if c.version >= 9 {
                try c.nullableString("memberId", &memberID)
                try c.int32("memberEpoch", &memberEpoch)
            }
            try c.nullableArray("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct OffsetFetchRequestTopics: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var partitionIndexes: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 9 { try c.string("name", &name) }
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            try c.array("partitionIndexes", &partitionIndexes)
            try c.tags()
        }
    }
}

/// The body of the reply to `OffsetFetchRequest`.
package struct OffsetFetchResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.offsetFetch
    package static let versions = MessageVersions(0...10, flexibleFrom: 6)

    package var throttleTimeMs: Int32 = 0
    package var topics: [OffsetFetchResponseTopic] = []
    package var errorCode: Int16 = 0
    package var groups: [OffsetFetchResponseGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        if c.version <= 7 { try c.array("topics", &topics) }
        if (2...7).contains(c.version) { try c.int16("errorCode", &errorCode) }
        if c.version >= 8 { try c.array("groups", &groups) }
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetFetchResponseTopic: Structure {
        package var name: Name = ""
        package var partitions: [OffsetFetchResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OffsetFetchResponsePartition: Structure {
        package var partitionIndex: Int32 = 0
        /// -1 for none.
        package var committedOffset: Int64 = 0
        package var committedLeaderEpoch: Int32 = -1
        package var metadata: String? = ""
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("committedOffset", &committedOffset)
            if c.version >= 5 { try c.int32("committedLeaderEpoch", &committedLeaderEpoch) }
            try c.nullableString("metadata", &metadata)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }

    /// An element of `groups`.
    package struct OffsetFetchResponseGroup: Structure {
        package var groupID: Name = ""
        package var topics: [OffsetFetchResponseTopics] = []
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            try c.array("topics", &topics)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct OffsetFetchResponseTopics: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var partitions: [OffsetFetchResponsePartitions] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 9 { try c.string("name", &name) }
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OffsetFetchResponsePartitions: Structure {
        package var partitionIndex: Int32 = 0
        /// -1 for none.
        package var committedOffset: Int64 = 0
        package var committedLeaderEpoch: Int32 = -1
        package var metadata: String? = ""
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("committedOffset", &committedOffset)
            try c.int32("committedLeaderEpoch", &committedLeaderEpoch)
            try c.nullableString("metadata", &metadata)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
