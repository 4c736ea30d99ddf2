// DeleteRecords (key 21, v0–2): moves the start of partitions forward.
// Request: v2 flexible.
// Reply: v2 flexible.
package import Base

/// The body of a DeleteRecords request; answered by `DeleteRecordsResponse`.
package struct DeleteRecordsRequest: RequestMessage {
    package typealias Reply = DeleteRecordsResponse
    package static let key = APIKey.deleteRecords
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var topics: [DeleteRecordsTopic] = []
    package var timeoutMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.int32("timeoutMs", &timeoutMs)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DeleteRecordsTopic: Structure {
        package var name: Name = ""
        package var partitions: [DeleteRecordsPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct DeleteRecordsPartition: Structure {
        package var partitionIndex: Int32 = 0
        /// What is before it goes; -1 for the high watermark.
        package var offset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("offset", &offset)
            try c.tags()
        }
    }
}

/// The body of the reply to `DeleteRecordsRequest`.
package struct DeleteRecordsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.deleteRecords
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var topics: [DeleteRecordsTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DeleteRecordsTopicResult: Structure {
        package var name: Name = ""
        package var partitions: [DeleteRecordsPartitionResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct DeleteRecordsPartitionResult: Structure {
        package var partitionIndex: Int32 = 0
        /// Where the log begins now.
        package var lowWatermark: Int64 = 0
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("lowWatermark", &lowWatermark)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
