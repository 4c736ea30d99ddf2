// AddPartitionsToTxn (key 24, v0–5): makes partitions part of a transaction, or asks whether they are.
// Request: v3 flexible · v4 transactions, without v3AndBelowTransactionalId, v3AndBelowProducerId,
// v3AndBelowProducerEpoch, v3AndBelowTopics · v5 same fields (KIP-890).
// Reply: v3 flexible · v4 errorCode, resultsByTransaction, without resultsByTopicV3AndBelow · v5 same
// fields (KIP-890).
package import Base

/// The body of an AddPartitionsToTxn request; answered by `AddPartitionsToTxnResponse`.
package struct AddPartitionsToTxnRequest: RequestMessage {
    package typealias Reply = AddPartitionsToTxnResponse
    package static let key = APIKey.addPartitionsToTxn
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var transactions: [AddPartitionsToTxnTransaction] = []
    package var v3AndBelowTransactionalID: Name = ""
    package var v3AndBelowProducerID: Int64 = 0
    package var v3AndBelowProducerEpoch: Int16 = 0
    package var v3AndBelowTopics: [AddPartitionsToTxnTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 4 { try c.array("transactions", &transactions) }
        if c.version <= 3 {
            try c.string("v3AndBelowTransactionalId", &v3AndBelowTransactionalID)
            try c.int64("v3AndBelowProducerId", &v3AndBelowProducerID)
            try c.int16("v3AndBelowProducerEpoch", &v3AndBelowProducerEpoch)
            try c.array("v3AndBelowTopics", &v3AndBelowTopics)
        }
        try c.tags()
    }

    /// An element of `transactions`.
    package struct AddPartitionsToTxnTransaction: Structure {
        package var transactionalID: Name = ""
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        package var verifyOnly = false
        package var topics: [AddPartitionsToTxnTopic] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("transactionalId", &transactionalID)
            try c.int64("producerId", &producerID)
            try c.int16("producerEpoch", &producerEpoch)
            try c.bool("verifyOnly", &verifyOnly)
            try c.array("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics` and `v3AndBelowTopics`.
    package struct AddPartitionsToTxnTopic: Structure {
        package var name: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `AddPartitionsToTxnRequest`.
package struct AddPartitionsToTxnResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.addPartitionsToTxn
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var resultsByTransaction: [AddPartitionsToTxnResult] = []
    package var resultsByTopicV3AndBelow: [AddPartitionsToTxnTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        if c.version >= 4 {
            try c.int16("errorCode", &errorCode)
            try c.array("resultsByTransaction", &resultsByTransaction)
        }
        if c.version <= 3 { try c.array("resultsByTopicV3AndBelow", &resultsByTopicV3AndBelow) }
        try c.tags()
    }

    /// An element of `resultsByTransaction`.
    package struct AddPartitionsToTxnResult: Structure {
        package var transactionalID: Name = ""
        package var topicResults: [AddPartitionsToTxnTopicResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("transactionalId", &transactionalID)
            try c.array("topicResults", &topicResults)
            try c.tags()
        }
    }

    /// An element of `topicResults` and `resultsByTopicV3AndBelow`.
    package struct AddPartitionsToTxnTopicResult: Structure {
        package var name: Name = ""
        package var resultsByPartition: [AddPartitionsToTxnPartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("resultsByPartition", &resultsByPartition)
            try c.tags()
        }
    }

    /// An element of `resultsByPartition`.
    package struct AddPartitionsToTxnPartitionResult: Structure {
        package var partitionIndex: Int32 = 0
        package var partitionErrorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("partitionErrorCode", &partitionErrorCode)
            try c.tags()
        }
    }
}
