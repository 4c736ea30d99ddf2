// WriteTxnMarkers (key 27, v0–2): the transaction coordinator has its verdict written into partitions.
// Request: v1 flexible · v2 transactionVersion (KIP-1228).
// Reply: v1 flexible.
package import Base

/// The body of a WriteTxnMarkers request; answered by `WriteTxnMarkersResponse`.
package struct WriteTxnMarkersRequest: RequestMessage {
    package typealias Reply = WriteTxnMarkersResponse
    package static let key = APIKey.writeTxnMarkers
    package static let versions = MessageVersions(0...2, flexibleFrom: 1)

    package var markers: [WritableTxnMarker] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("markers", &markers)
        try c.tags()
    }

    /// An element of `markers`.
    package struct WritableTxnMarker: Structure {
        package var producerID: Int64 = 0
        package var producerEpoch: Int16 = 0
        package var transactionResult = false
        package var topics: [WritableTxnMarkerTopic] = []
        package var coordinatorEpoch: Int32 = 0
        package var transactionVersion: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("producerId", &producerID)
            try c.int16("producerEpoch", &producerEpoch)
            try c.bool("transactionResult", &transactionResult)
            try c.array("topics", &topics)
            try c.int32("coordinatorEpoch", &coordinatorEpoch)
            if c.version >= 2 { try c.int8("transactionVersion", &transactionVersion) }
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct WritableTxnMarkerTopic: Structure {
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

/// The body of the reply to `WriteTxnMarkersRequest`.
package struct WriteTxnMarkersResponse: ReplyMessage {
    package static let key = APIKey.writeTxnMarkers
    package static let versions = MessageVersions(0...2, flexibleFrom: 1)

    package var markers: [WritableTxnMarkerResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("markers", &markers)
        try c.tags()
    }

    /// An element of `markers`.
    package struct WritableTxnMarkerResult: Structure {
        package var producerID: Int64 = 0
        package var topics: [WritableTxnMarkerTopicResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("producerId", &producerID)
            try c.array("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct WritableTxnMarkerTopicResult: Structure {
        package var name: Name = ""
        package var partitions: [WritableTxnMarkerPartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct WritableTxnMarkerPartitionResult: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
