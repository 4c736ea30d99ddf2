// WriteShareGroupState (key 85, v0–1, flexible): stores the state of share partitions (KIP-932).
// Request: v1 deliveryCompleteCount (KIP-1226).
// Reply: v1 same fields (KIP-1226).
package import Base

/// The body of a WriteShareGroupState request; answered by `WriteShareGroupStateResponse`.
package struct WriteShareGroupStateRequest: RequestMessage {
    package typealias Reply = WriteShareGroupStateResponse
    package static let key = APIKey.writeShareGroupState
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [WriteStateData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct WriteStateData: Structure {
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
        package var stateEpoch: Int32 = 0
        package var leaderEpoch: Int32 = 0
        package var startOffset: Int64 = 0
        package var deliveryCompleteCount: Int32 = -1
        package var stateBatches: [StateBatch] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int32("stateEpoch", &stateEpoch)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.int64("startOffset", &startOffset)
            if c.version >= 1 { try c.int32("deliveryCompleteCount", &deliveryCompleteCount) }
            try c.array("stateBatches", &stateBatches)
            try c.tags()
        }
    }

    /// An element of `stateBatches`.
    package struct StateBatch: Structure {
        package var firstOffset: Int64 = 0
        package var lastOffset: Int64 = 0
        package var deliveryState: Int8 = 0
        package var deliveryCount: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("firstOffset", &firstOffset)
            try c.int64("lastOffset", &lastOffset)
            try c.int8("deliveryState", &deliveryState)
            try c.int16("deliveryCount", &deliveryCount)
            try c.tags()
        }
    }
}

/// The body of the reply to `WriteShareGroupStateRequest`.
package struct WriteShareGroupStateResponse: ReplyMessage {
    package static let key = APIKey.writeShareGroupState
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var results: [WriteStateResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct WriteStateResult: Structure {
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

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
