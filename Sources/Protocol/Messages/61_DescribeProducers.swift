// DescribeProducers (key 61, v0, flexible): the producers that are known to partitions.
package import Base

/// The body of a DescribeProducers request; answered by `DescribeProducersResponse`.
package struct DescribeProducersRequest: RequestMessage {
    package typealias Reply = DescribeProducersResponse
    package static let key = APIKey.describeProducers
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topics: [TopicRequest] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicRequest: Structure {
        package var name: Name = ""
        package var partitionIndexes: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitionIndexes", &partitionIndexes)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeProducersRequest`.
package struct DescribeProducersResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeProducers
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var topics: [TopicResponse] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicResponse: Structure {
        package var name: Name = ""
        package var partitions: [PartitionResponse] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionResponse: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var activeProducers: [ProducerState] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.array("activeProducers", &activeProducers)
            try c.tags()
        }
    }

    /// An element of `activeProducers`.
    package struct ProducerState: Structure {
        package var producerID: Int64 = 0
        package var producerEpoch: Int32 = 0
        package var lastSequence: Int32 = -1
        package var lastTimestamp: Int64 = -1
        package var coordinatorEpoch: Int32 = 0
        package var currentTxnStartOffset: Int64 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("producerId", &producerID)
            try c.int32("producerEpoch", &producerEpoch)
            try c.int32("lastSequence", &lastSequence)
            try c.int64("lastTimestamp", &lastTimestamp)
            try c.int32("coordinatorEpoch", &coordinatorEpoch)
            try c.int64("currentTxnStartOffset", &currentTxnStartOffset)
            try c.tags()
        }
    }
}
