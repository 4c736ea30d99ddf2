// EndTxn (key 26, v0–5): commits or aborts a transaction.
// Request: v3 flexible · v4 same fields (KIP-890) · v5 same fields (KIP-890).
// Reply: v3 flexible · v4 same fields (KIP-890) · v5 producerId, producerEpoch (KIP-890).
package import Base

/// The body of an EndTxn request; answered by `EndTxnResponse`.
package struct EndTxnRequest: RequestMessage {
    package typealias Reply = EndTxnResponse
    package static let key = APIKey.endTxn
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var transactionalID: Name = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var committed = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("transactionalId", &transactionalID)
        try c.int64("producerId", &producerID)
        try c.int16("producerEpoch", &producerEpoch)
        try c.bool("committed", &committed)
        try c.tags()
    }
}

/// The body of the reply to `EndTxnRequest`.
package struct EndTxnResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.endTxn
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        if c.version >= 5 {
            try c.int64("producerId", &producerID)
            try c.int16("producerEpoch", &producerEpoch)
        }
        try c.tags()
    }
}
