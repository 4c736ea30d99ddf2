// ListTransactions (key 66, v0–2, flexible): the transactions that this broker coordinates.
// Request: v1 durationFilter · v2 transactionalIdPattern (KIP-1152).
// Reply: v1 same fields (KIP-994, KIP-1152).
package import Base

/// The body of a ListTransactions request; answered by `ListTransactionsResponse`.
package struct ListTransactionsRequest: RequestMessage {
    package typealias Reply = ListTransactionsResponse
    package static let key = APIKey.listTransactions
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var stateFilters: [Name] = []
    package var producerIDFilters: [Int64] = []
    package var durationFilter: Int64 = -1
    package var transactionalIDPattern: Name?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("stateFilters", &stateFilters)
        try c.array("producerIdFilters", &producerIDFilters)
        if c.version >= 1 { try c.int64("durationFilter", &durationFilter) }
        if c.version >= 2 { try c.nullableString("transactionalIdPattern", &transactionalIDPattern) }
        try c.tags()
    }
}

/// The body of the reply to `ListTransactionsRequest`.
package struct ListTransactionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.listTransactions
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var unknownStateFilters: [Name] = []
    package var transactionStates: [TransactionState] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.array("unknownStateFilters", &unknownStateFilters)
        try c.array("transactionStates", &transactionStates)
        try c.tags()
    }

    /// An element of `transactionStates`.
    package struct TransactionState: Structure {
        package var transactionalID: Name = ""
        package var producerID: Int64 = 0
        package var transactionState: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("transactionalId", &transactionalID)
            try c.int64("producerId", &producerID)
            try c.string("transactionState", &transactionState)
            try c.tags()
        }
    }
}
