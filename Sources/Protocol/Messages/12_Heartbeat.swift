// Heartbeat (key 12, v0–4): a classic member says that it is alive.
// Request: v3 groupInstanceId · v4 flexible.
// Reply: v1 throttleTimeMs · v4 flexible.
package import Base

/// The body of a Heartbeat request; answered by `HeartbeatResponse`.
package struct HeartbeatRequest: RequestMessage {
    package typealias Reply = HeartbeatResponse
    package static let key = APIKey.heartbeat
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var groupID: Name = ""
    package var generationID: Int32 = 0
    package var memberID: Name = ""
    /// Since v3: the name of a static member (KIP-345).
    package var groupInstanceID: Name?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.int32("generationId", &generationID)
        try c.string("memberId", &memberID)
        if c.version >= 3 { try c.nullableString("groupInstanceId", &groupInstanceID) }
        try c.tags()
    }
}

/// The body of the reply to `HeartbeatRequest`.
package struct HeartbeatResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.heartbeat
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.int16("errorCode", &errorCode)
        try c.tags()
    }
}
