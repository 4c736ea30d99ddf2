// AddOffsetsToTxn (key 25, v0–4): makes the offsets of a group part of a transaction.
// Request: v3 flexible · v4 same fields (KIP-890).
// Reply: v3 flexible · v4 same fields (KIP-890).
package import Base

/// The body of an AddOffsetsToTxn request; answered by `AddOffsetsToTxnResponse`.
package struct AddOffsetsToTxnRequest: RequestMessage {
    package typealias Reply = AddOffsetsToTxnResponse
    package static let key = APIKey.addOffsetsToTxn
    package static let versions = MessageVersions(0...4, flexibleFrom: 3)

    package var transactionalID: Name = ""
    package var producerID: Int64 = 0
    package var producerEpoch: Int16 = 0
    package var groupID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("transactionalId", &transactionalID)
        try c.int64("producerId", &producerID)
        try c.int16("producerEpoch", &producerEpoch)
        try c.string("groupId", &groupID)
        try c.tags()
    }
}

/// The body of the reply to `AddOffsetsToTxnRequest`.
package struct AddOffsetsToTxnResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.addOffsetsToTxn
    package static let versions = MessageVersions(0...4, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.tags()
    }
}
