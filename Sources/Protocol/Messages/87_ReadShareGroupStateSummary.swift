// ReadShareGroupStateSummary (key 87, v0–1, flexible): reads where share partitions stand, without their
// batches (KIP-932).
// Request: v1 same fields (KIP-1226).
// Reply: v1 deliveryCompleteCount (KIP-1226).
package import Base

/// The body of a ReadShareGroupStateSummary request; answered by `ReadShareGroupStateSummaryResponse`.
package struct ReadShareGroupStateSummaryRequest: RequestMessage {
    package typealias Reply = ReadShareGroupStateSummaryResponse
    package static let key = APIKey.readShareGroupStateSummary
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [ReadStateSummaryData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct ReadStateSummaryData: Structure {
        package var topicID = UUID.zero
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partition: Int32 = 0
        package var leaderEpoch: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.tags()
        }
    }
}

/// The body of the reply to `ReadShareGroupStateSummaryRequest`.
package struct ReadShareGroupStateSummaryResponse: ReplyMessage {
    package static let key = APIKey.readShareGroupStateSummary
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var results: [ReadStateSummaryResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct ReadStateSummaryResult: Structure {
        package var topicID = UUID.zero
        package var partitions: [PartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionResult: Structure {
        package var partition: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var stateEpoch: Int32 = 0
        package var leaderEpoch: Int32 = 0
        package var startOffset: Int64 = 0
        package var deliveryCompleteCount: Int32 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.int32("stateEpoch", &stateEpoch)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.int64("startOffset", &startOffset)
            if c.version >= 1 { try c.int32("deliveryCompleteCount", &deliveryCompleteCount) }
            try c.tags()
        }
    }
}
