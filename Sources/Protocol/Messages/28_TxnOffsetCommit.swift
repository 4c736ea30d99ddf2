// TxnOffsetCommit (key 28, v0–5): stores offsets that count once the transaction commits.
// Request: v2 committedLeaderEpoch · v3 flexible, generationId, memberId, groupInstanceId · v4 same fields
// (KIP-890) · v5 same fields (KIP-890).
// Reply: v3 flexible · v4 same fields (KIP-890) · v5 same fields (KIP-890).
package import Base

/// The body of a TxnOffsetCommit request; answered by `TxnOffsetCommitResponse`.
package struct TxnOffsetCommitRequest: RequestMessage {
    package typealias Reply = TxnOffsetCommitResponse
    package static let key = APIKey.txnOffsetCommit
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var transactionalID: Name = ""
    package var groupID: Name = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var generationID: Int32 = -1
    package var memberID: Name = ""
    package var groupInstanceID: Name?
    package var topics: [TxnOffsetCommitRequestTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("transactionalId", &transactionalID)
        try c.string("groupId", &groupID)
        try c.int64("producerId", &producerID)
        try c.int16("producerEpoch", &producerEpoch)
        if c.version >= 3 {
            try c.int32("generationId", &generationID)
            try c.string("memberId", &memberID)
            try c.nullableString("groupInstanceId", &groupInstanceID)
        }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TxnOffsetCommitRequestTopic: Structure {
        package var name: Name = ""
        package var partitions: [TxnOffsetCommitRequestPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct TxnOffsetCommitRequestPartition: Structure {
        package var partitionIndex: Int32 = 0
        package var committedOffset: Int64 = 0
        package var committedLeaderEpoch: Int32 = -1
        package var committedMetadata: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("committedOffset", &committedOffset)
            if c.version >= 2 { try c.int32("committedLeaderEpoch", &committedLeaderEpoch) }
            try c.nullableString("committedMetadata", &committedMetadata)
            try c.tags()
        }
    }
}

/// The body of the reply to `TxnOffsetCommitRequest`.
package struct TxnOffsetCommitResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.txnOffsetCommit
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var topics: [TxnOffsetCommitResponseTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TxnOffsetCommitResponseTopic: Structure {
        package var name: Name = ""
        package var partitions: [TxnOffsetCommitResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct TxnOffsetCommitResponsePartition: Structure {
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
