// DescribeTransactions (key 65, v0, flexible): the state of transactions by id.
package import Base

/// The body of a DescribeTransactions request; answered by `DescribeTransactionsResponse`.
package struct DescribeTransactionsRequest: RequestMessage {
    package typealias Reply = DescribeTransactionsResponse
    package static let key = APIKey.describeTransactions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var transactionalIDs: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("transactionalIds", &transactionalIDs)
        try c.tags()
    }
}

/// The body of the reply to `DescribeTransactionsRequest`.
package struct DescribeTransactionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeTransactions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var transactionStates: [TransactionState] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("transactionStates", &transactionStates)
        try c.tags()
    }

    /// An element of `transactionStates`.
    package struct TransactionState: Structure {
        package var errorCode: Int16 = 0
        package var transactionalID: Name = ""
        package var transactionState: Name = ""
        package var transactionTimeoutMs: Int32 = 0
        package var transactionStartTimeMs: Int64 = 0
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        package var topics: [TopicData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.string("transactionalId", &transactionalID)
            try c.string("transactionState", &transactionState)
            try c.int32("transactionTimeoutMs", &transactionTimeoutMs)
            try c.int64("transactionStartTimeMs", &transactionStartTimeMs)
            try c.int64("producerId", &producerID)
            try c.int16("producerEpoch", &producerEpoch)
            try c.array("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct TopicData: Structure {
        package var topic: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}
