// OffsetForLeaderEpoch (key 23, v0–4): where an epoch of a partition ended, for readers that suspect a
// truncation.
// Request: v2 currentLeaderEpoch · v3 replicaId · v4 flexible.
// Reply: v1 leaderEpoch · v2 throttleTimeMs · v4 flexible.
package import Base

/// The body of an OffsetForLeaderEpoch request; answered by `OffsetForLeaderEpochResponse`.
package struct OffsetForLeaderEpochRequest: RequestMessage {
    package typealias Reply = OffsetForLeaderEpochResponse
    package static let key = APIKey.offsetForLeaderEpoch
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    /// Since v3: -1 for a consumer; -2 for who does not say.
    package var replicaID: Int32 = -2
    package var topics: [OffsetForLeaderTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 { try c.int32("replicaId", &replicaID) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetForLeaderTopic: Structure {
        package var topic: Name = ""
        package var partitions: [OffsetForLeaderPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct OffsetForLeaderPartition: Structure {
        package var partition: Int32 = 0
        /// Since v2: the epoch of the leader as the reader knows it; -1 is not compared.
        package var currentLeaderEpoch: Int32 = -1
        /// The epoch whose end is wanted.
        package var leaderEpoch: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            if c.version >= 2 { try c.int32("currentLeaderEpoch", &currentLeaderEpoch) }
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.tags()
        }
    }
}

/// The body of the reply to `OffsetForLeaderEpochRequest`.
package struct OffsetForLeaderEpochResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.offsetForLeaderEpoch
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var topics: [OffsetForLeaderTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 2 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct OffsetForLeaderTopicResult: Structure {
        package var topic: Name = ""
        package var partitions: [EpochEndOffset] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct EpochEndOffset: Structure {
        package var errorCode: Int16 = 0
        package var partition: Int32 = 0
        /// Since v1: the epoch that was asked for, or the latest before it that is in the log; -1 for none.
        package var leaderEpoch: Int32 = -1
        /// Where the next epoch begins, or the end of the log; -1 for none.
        package var endOffset: Int64 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.int32("partition", &partition)
            if c.version >= 1 { try c.int32("leaderEpoch", &leaderEpoch) }
            try c.int64("endOffset", &endOffset)
            try c.tags()
        }
    }
}
