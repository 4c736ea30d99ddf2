// DescribeLogDirs (key 35, v0–5): sizes and space of log directories.
// Request: v2 flexible.
// Reply: v2 flexible · v3 errorCode · v4 totalBytes, usableBytes · v5 isCordoned.
package import Base

/// The body of a DescribeLogDirs request; answered by `DescribeLogDirsResponse`.
package struct DescribeLogDirsRequest: RequestMessage {
    package typealias Reply = DescribeLogDirsResponse
    package static let key = APIKey.describeLogDirs
    package static let versions = MessageVersions(0...5, flexibleFrom: 2)

    package var topics: [DescribableLogDirTopic]? = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableArray("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DescribableLogDirTopic: Structure {
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

/// The body of the reply to `DescribeLogDirsRequest`.
package struct DescribeLogDirsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeLogDirs
    package static let versions = MessageVersions(0...5, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var results: [DescribeLogDirsResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        if c.version >= 3 { try c.int16("errorCode", &errorCode) }
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct DescribeLogDirsResult: Structure {
        package var errorCode: Int16 = 0
        package var logDir: Name = ""
        package var topics: [DescribeLogDirsTopic] = []
        package var totalBytes: Int64 = -1
        package var usableBytes: Int64 = -1
        package var isCordoned = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.string("logDir", &logDir)
            try c.array("topics", &topics)
            if c.version >= 4 {
                try c.int64("totalBytes", &totalBytes)
                try c.int64("usableBytes", &usableBytes)
            }
            if c.version >= 5 { try c.bool("isCordoned", &isCordoned) }
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct DescribeLogDirsTopic: Structure {
        package var name: Name = ""
        package var partitions: [DescribeLogDirsPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct DescribeLogDirsPartition: Structure {
        package var partitionIndex: Int32 = 0
        package var partitionSize: Int64 = 0
        package var offsetLag: Int64 = 0
        package var isFutureKey = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("partitionSize", &partitionSize)
            try c.int64("offsetLag", &offsetLag)
            try c.bool("isFutureKey", &isFutureKey)
            try c.tags()
        }
    }
}
