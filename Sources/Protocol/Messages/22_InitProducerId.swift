// InitProducerId (key 22, v0–6): gives an idempotent or transactional producer its id and epoch.
// Request: v2 flexible · v3 producerId, producerEpoch · v5 same fields (KIP-890) · v6 enable2Pc,
// keepPreparedTxn (KIP-939).
// Reply: v2 flexible · v5 same fields (KIP-890) · v6 ongoingTxnProducerId, ongoingTxnProducerEpoch
// (KIP-939).
package import Base

/// The body of an InitProducerId request; answered by `InitProducerIdResponse`.
package struct InitProducerIdRequest: RequestMessage {
    package typealias Reply = InitProducerIdResponse
    package static let key = APIKey.initProducerID
    package static let versions = MessageVersions(0...6, flexibleFrom: 2)

    /// Null for a producer without transactions.
    package var transactionalID: Name? = ""
    /// After so long the coordinator aborts a transaction.
    package var transactionTimeoutMs: Int32 = 0
    /// Since v3: the identity that the producer has and wants to go on with; -1 for none (KIP-360).
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1
    /// Since v6: whether transactions wait for an outer coordinator (KIP-939).
    package var enable2Pc = false
    /// Since v6: whether a transaction that is prepared already stays open.
    package var keepPreparedTxn = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("transactionalId", &transactionalID)
        try c.int32("transactionTimeoutMs", &transactionTimeoutMs)
        if c.version >= 3 {
            try c.int64("producerId", &producerID)
            try c.int16("producerEpoch", &producerEpoch)
        }
        if c.version >= 6 {
            try c.bool("enable2Pc", &enable2Pc)
            try c.bool("keepPreparedTxn", &keepPreparedTxn)
        }
        try c.tags()
    }
}

/// The body of the reply to `InitProducerIdRequest`.
package struct InitProducerIdResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.initProducerID
    package static let versions = MessageVersions(0...6, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = 0
    /// Since v6: who has the transaction that was kept open; -1 for nobody.
    package var ongoingTxnProducerID: Int64 = -1
    package var ongoingTxnProducerEpoch: Int16 = -1

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.int64("producerId", &producerID)
        try c.int16("producerEpoch", &producerEpoch)
        if c.version >= 6 {
            try c.int64("ongoingTxnProducerId", &ongoingTxnProducerID)
            try c.int16("ongoingTxnProducerEpoch", &ongoingTxnProducerEpoch)
        }
        try c.tags()
    }
}
