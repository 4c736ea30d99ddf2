// DescribeShareGroupOffsets (key 90, v0–1, flexible): how far share groups have read (KIP-932).
// Request: v1 same fields (KIP-1226).
// Reply: v1 lag (KIP-1226).
package import Base

/// The body of a DescribeShareGroupOffsets request; answered by `DescribeShareGroupOffsetsResponse`.
package struct DescribeShareGroupOffsetsRequest: RequestMessage {
    package typealias Reply = DescribeShareGroupOffsetsResponse
    package static let key = APIKey.describeShareGroupOffsets
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var groups: [DescribeShareGroupOffsetsRequestGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct DescribeShareGroupOffsetsRequestGroup: Structure {
        package var groupID: Name = ""
        package var topics: [DescribeShareGroupOffsetsRequestTopic]? = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            try c.nullableArray("topics", &topics)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct DescribeShareGroupOffsetsRequestTopic: Structure {
        package var topicName: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeShareGroupOffsetsRequest`.
package struct DescribeShareGroupOffsetsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeShareGroupOffsets
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var groups: [DescribeShareGroupOffsetsResponseGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct DescribeShareGroupOffsetsResponseGroup: Structure {
        package var groupID: Name = ""
        package var topics: [DescribeShareGroupOffsetsResponseTopic] = []
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            try c.array("topics", &topics)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct DescribeShareGroupOffsetsResponseTopic: Structure {
        package var topicName: Name = ""
        package var topicID = UUID.zero
        package var partitions: [DescribeShareGroupOffsetsResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct DescribeShareGroupOffsetsResponsePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var startOffset: Int64 = 0
        package var leaderEpoch: Int32 = 0
        package var lag: Int64 = -1
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("startOffset", &startOffset)
            try c.int32("leaderEpoch", &leaderEpoch)
            if c.version >= 1 { try c.int64("lag", &lag) }
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
