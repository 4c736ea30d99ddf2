// Transactions in `__transaction_state`.
// TransactionLogValue: v1 flexible, previousProducerId, nextProducerId, nextProducerEpoch,
// clientTransactionVersion (KIP-915).
package import Base

/// Which transactional id.
package struct TransactionLogKey: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0)

    package var transactionalID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("transactionalId", &transactionalID)
    }
}

/// Where a transaction stands, and what it touches.
package struct TransactionLogValue: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    package var producerID: Int64 = 0
    package var previousProducerID: Int64 = -1
    package var nextProducerID: Int64 = -1
    package var producerEpoch: Int16 = 0
    package var nextProducerEpoch: Int16 = -1
    package var transactionTimeoutMs: Int32 = 0
    package var transactionStatus: Int8 = 0
    package var transactionPartitions: [PartitionsSchema]? = []
    package var transactionLastUpdateTimestampMs: Int64 = 0
    package var transactionStartTimestampMs: Int64 = 0
    package var clientTransactionVersion: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int64("producerId", &producerID)
        try c.int16("producerEpoch", &producerEpoch)
        try c.int32("transactionTimeoutMs", &transactionTimeoutMs)
        try c.int8("transactionStatus", &transactionStatus)
        try c.nullableArray("transactionPartitions", &transactionPartitions)
        try c.int64("transactionLastUpdateTimestampMs", &transactionLastUpdateTimestampMs)
        try c.int64("transactionStartTimestampMs", &transactionStartTimestampMs)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: previousProducerID != -1) {
            try c.int64("previousProducerId", &previousProducerID)
        }
        if try c.tag(1, &tags, when: nextProducerID != -1) { try c.int64("nextProducerId", &nextProducerID) }
        if try c.tag(2, &tags, when: clientTransactionVersion != 0) {
            try c.int16("clientTransactionVersion", &clientTransactionVersion)
        }
        if try c.tag(3, &tags, when: nextProducerEpoch != -1) {
            try c.int16("nextProducerEpoch", &nextProducerEpoch)
        }
        try c.endTags(&tags)
    }

    /// An element of `transactionPartitions`.
    package struct PartitionsSchema: Structure {
        package var topic: Name = ""
        package var partitionIDs: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitionIds", &partitionIDs)
            try c.tags()
        }
    }
}
