// AlterShareGroupOffsets (key 91, v0, flexible): moves where a share group reads (KIP-932).
package import Base

/// The body of an AlterShareGroupOffsets request; answered by `AlterShareGroupOffsetsResponse`.
package struct AlterShareGroupOffsetsRequest: RequestMessage {
    package typealias Reply = AlterShareGroupOffsetsResponse
    package static let key = APIKey.alterShareGroupOffsets
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [AlterShareGroupOffsetsRequestTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct AlterShareGroupOffsetsRequestTopic: Structure {
        package var topicName: Name = ""
        package var partitions: [AlterShareGroupOffsetsRequestPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct AlterShareGroupOffsetsRequestPartition: Structure {
        package var partitionIndex: Int32 = 0
        package var startOffset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int64("startOffset", &startOffset)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterShareGroupOffsetsRequest`.
package struct AlterShareGroupOffsetsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterShareGroupOffsets
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var responses: [AlterShareGroupOffsetsResponseTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.array("responses", &responses)
        try c.tags()
    }

    /// An element of `responses`.
    package struct AlterShareGroupOffsetsResponseTopic: Structure {
        package var topicName: Name = ""
        package var topicID = UUID.zero
        package var partitions: [AlterShareGroupOffsetsResponsePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct AlterShareGroupOffsetsResponsePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
