// JoinGroup (key 11, v0–9): a classic member enters its group and waits for the round to begin.
// Request: v1 rebalanceTimeoutMs · v5 groupInstanceId · v6 flexible · v8 reason (KIP-800).
// Reply: v2 throttleTimeMs · v5 groupInstanceId · v6 flexible (KIP-559) · v7 protocolType, protocolName may
// be null · v9 skipAssignment.
package import Base

/// The body of a JoinGroup request; answered by `JoinGroupResponse`.
package struct JoinGroupRequest: RequestMessage {
    package typealias Reply = JoinGroupResponse
    package static let key = APIKey.joinGroup
    package static let versions = MessageVersions(0...9, flexibleFrom: 6)

    package var groupID: Name = ""
    package var sessionTimeoutMs: Int32 = 0
    package var rebalanceTimeoutMs: Int32 = -1
    package var memberID: Name = ""
    package var groupInstanceID: Name?
    package var protocolType: Name = ""
    package var protocols: [JoinGroupRequestProtocol] = []
    package var reason: String?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.int32("sessionTimeoutMs", &sessionTimeoutMs)
        if c.version >= 1 { try c.int32("rebalanceTimeoutMs", &rebalanceTimeoutMs) }
        try c.string("memberId", &memberID)
        if c.version >= 5 { try c.nullableString("groupInstanceId", &groupInstanceID) }
        try c.string("protocolType", &protocolType)
        try c.array("protocols", &protocols)
        if c.version >= 8 { try c.nullableString("reason", &reason) }
        try c.tags()
    }

    /// An element of `protocols`.
    package struct JoinGroupRequestProtocol: Structure {
        package var name: Name = ""
        package var metadata: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.bytes("metadata", &metadata)
            try c.tags()
        }
    }
}

/// The body of the reply to `JoinGroupRequest`.
package struct JoinGroupResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.joinGroup
    package static let versions = MessageVersions(0...9, flexibleFrom: 6)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var generationID: Int32 = -1
    package var protocolType: Name?
    package var protocolName: Name? = ""
    package var leader: Name = ""
    package var skipAssignment = false
    package var memberID: Name = ""
    package var members: [JoinGroupResponseMember] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 2 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.int16("errorCode", &errorCode)
        try c.int32("generationId", &generationID)
        if c.version >= 7 { try c.nullableString("protocolType", &protocolType) }
        try c.nullableString("protocolName", &protocolName, nullable: c.version >= 7)
        try c.string("leader", &leader)
        if c.version >= 9 { try c.bool("skipAssignment", &skipAssignment) }
        try c.string("memberId", &memberID)
        try c.array("members", &members)
        try c.tags()
    }

    /// An element of `members`.
    package struct JoinGroupResponseMember: Structure {
        package var memberID: Name = ""
        package var groupInstanceID: Name?
        package var metadata: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            if c.version >= 5 { try c.nullableString("groupInstanceId", &groupInstanceID) }
            try c.bytes("metadata", &metadata)
            try c.tags()
        }
    }
}
