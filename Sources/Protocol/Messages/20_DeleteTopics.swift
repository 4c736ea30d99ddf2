// DeleteTopics (key 20, v0–6): deletes topics by name or id.
// Request: v4 flexible · v5 same fields (KIP-599) · v6 topics, without topicNames.
// Reply: v1 throttleTimeMs · v4 flexible · v5 errorMessage (KIP-599) · v6 topicId, name may be null.
package import Base

/// The body of a DeleteTopics request; answered by `DeleteTopicsResponse`.
package struct DeleteTopicsRequest: RequestMessage {
    package typealias Reply = DeleteTopicsResponse
    package static let key = APIKey.deleteTopics
    package static let versions = MessageVersions(0...6, flexibleFrom: 4)

    /// Since v6: by name or id.
    package var topics: [DeleteTopicState] = []
    /// Up to v5.
    package var topicNames: [Name] = []
    package var timeoutMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 6 { try c.array("topics", &topics) }
        if c.version <= 5 { try c.array("topicNames", &topicNames) }
        try c.int32("timeoutMs", &timeoutMs)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DeleteTopicState: Structure {
        /// Null where the id tells which.
        package var name: Name?
        package var topicID = UUID.zero

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.nullableString("name", &name)
            try c.uuid("topicId", &topicID)
            try c.tags()
        }
    }
}

/// The body of the reply to `DeleteTopicsRequest`.
package struct DeleteTopicsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.deleteTopics
    package static let versions = MessageVersions(0...6, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var responses: [DeletableTopicResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("responses", &responses)
        try c.tags()
    }

    /// An element of `responses`.
    package struct DeletableTopicResult: Structure {
        /// Null since v6 for an id that is unknown, or whose topic the sender may not see.
        package var name: Name? = ""
        package var topicID = UUID.zero
        package var errorCode: Int16 = 0
        package var errorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.nullableString("name", &name, nullable: c.version >= 6)
            if c.version >= 6 { try c.uuid("topicId", &topicID) }
            try c.int16("errorCode", &errorCode)
            if c.version >= 5 { try c.nullableString("errorMessage", &errorMessage) }
            try c.tags()
        }
    }
}
