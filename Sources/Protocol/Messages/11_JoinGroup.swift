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
    /// How long the member may be silent.
    package var sessionTimeoutMs: Int32 = 0
    /// Since v1: how long a round waits for the member to join again; before, the session timeout.
    package var rebalanceTimeoutMs: Int32 = -1
    /// Empty at first: the coordinator gives one.
    package var memberID: Name = ""
    /// Since v5: the name of a static member, which keeps its place while it is away (KIP-345).
    package var groupInstanceID: Name?
    /// What the members do with each other: `consumer`, `connect`, ….
    package var protocolType: Name = ""
    /// The assignors that the member knows, the best first, with what it tells the leader under each.
    package var protocols: [JoinGroupRequestProtocol] = []
    /// Since v8: why it joins, for the log (KIP-800).
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
    /// The assignor that all members know.
    package var protocolName: Name? = ""
    /// The member that assigns.
    package var leader: Name = ""
    /// Since v9: whether the leader leaves the assignment as it is, as a static leader that came back does
    /// (KIP-814).
    package var skipAssignment = false
    package var memberID: Name = ""
    /// All members for the leader, none for the others.
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
