// DeleteShareGroupOffsets (key 92, v0, flexible): forgets topics of a share group (KIP-932).
package import Base

/// The body of a DeleteShareGroupOffsets request; answered by `DeleteShareGroupOffsetsResponse`.
package struct DeleteShareGroupOffsetsRequest: RequestMessage {
    package typealias Reply = DeleteShareGroupOffsetsResponse
    package static let key = APIKey.deleteShareGroupOffsets
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var groupID: Name = ""
    package var topics: [DeleteShareGroupOffsetsRequestTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DeleteShareGroupOffsetsRequestTopic: Structure {
        package var topicName: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.tags()
        }
    }
}

/// The body of the reply to `DeleteShareGroupOffsetsRequest`.
package struct DeleteShareGroupOffsetsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.deleteShareGroupOffsets
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var responses: [DeleteShareGroupOffsetsResponseTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.array("responses", &responses)
        try c.tags()
    }

    /// An element of `responses`.
    package struct DeleteShareGroupOffsetsResponseTopic: Structure {
        package var topicName: Name = ""
        package var topicID = UUID.zero
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.uuid("topicId", &topicID)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
