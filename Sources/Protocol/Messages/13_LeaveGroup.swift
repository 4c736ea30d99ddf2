// LeaveGroup (key 13, v0–5): members leave a classic group.
// Request: v3 members, without memberId · v4 flexible · v5 reason (KIP-800).
// Reply: v1 throttleTimeMs · v3 members · v4 flexible.
package import Base

/// The body of a LeaveGroup request; answered by `LeaveGroupResponse`.
package struct LeaveGroupRequest: RequestMessage {
    package typealias Reply = LeaveGroupResponse
    package static let key = APIKey.leaveGroup
    package static let versions = MessageVersions(0...5, flexibleFrom: 4)

    package var groupID: Name = ""
    /// Up to v2.
    package var memberID: Name = ""
    /// Since v3: several at once, as an operator has them leave.
    package var members: [MemberIdentity] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        if c.version <= 2 { try c.string("memberId", &memberID) }
        if c.version >= 3 { try c.array("members", &members) }
        try c.tags()
    }

    /// An element of `members`.
    package struct MemberIdentity: Structure {
        package var memberID: Name = ""
        /// The name of a static member, whose id need not be known then.
        package var groupInstanceID: Name?
        /// Since v5: why it leaves, for the log (KIP-800).
        package var reason: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.nullableString("groupInstanceId", &groupInstanceID)
            if c.version >= 5 { try c.nullableString("reason", &reason) }
            try c.tags()
        }
    }
}

/// The body of the reply to `LeaveGroupRequest`.
package struct LeaveGroupResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.leaveGroup
    package static let versions = MessageVersions(0...5, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var members: [MemberResponse] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.int16("errorCode", &errorCode)
        if c.version >= 3 { try c.array("members", &members) }
        try c.tags()
    }

    /// An element of `members`.
    package struct MemberResponse: Structure {
        package var memberID: Name = ""
        package var groupInstanceID: Name? = ""
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.nullableString("groupInstanceId", &groupInstanceID)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
