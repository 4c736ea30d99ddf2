// SyncGroup (key 14, v0–5): the leader hands in the assignment, every member takes its share of it.
// Request: v3 groupInstanceId · v4 flexible (KIP-559) · v5 protocolType, protocolName.
// Reply: v1 throttleTimeMs · v4 flexible (KIP-559) · v5 protocolType, protocolName.
package import Base

/// The body of a SyncGroup request; answered by `SyncGroupResponse`.
package struct SyncGroupRequest: RequestMessage {
    package typealias Reply = SyncGroupResponse
    package static let key = APIKey.syncGroup
    package static let versions = MessageVersions(0...5, flexibleFrom: 4)

    package var groupID: Name = ""
    package var generationID: Int32 = 0
    package var memberID: Name = ""
    /// Since v3: the name of a static member (KIP-345).
    package var groupInstanceID: Name?
    /// Since v5: must be what the group has; null is not compared.
    package var protocolType: Name?
    package var protocolName: Name?
    /// What each member gets, from the leader; empty from the others.
    package var assignments: [SyncGroupRequestAssignment] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.int32("generationId", &generationID)
        try c.string("memberId", &memberID)
        if c.version >= 3 { try c.nullableString("groupInstanceId", &groupInstanceID) }
        if c.version >= 5 {
            try c.nullableString("protocolType", &protocolType)
            try c.nullableString("protocolName", &protocolName)
        }
        try c.array("assignments", &assignments)
        try c.tags()
    }

    /// An element of `assignments`.
    package struct SyncGroupRequestAssignment: Structure {
        package var memberID: Name = ""
        /// Read by the member alone: the broker only passes it on.
        package var assignment: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            try c.bytes("assignment", &assignment)
            try c.tags()
        }
    }
}

/// The body of the reply to `SyncGroupRequest`.
package struct SyncGroupResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.syncGroup
    package static let versions = MessageVersions(0...5, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var protocolType: Name?
    package var protocolName: Name?
    package var assignment: [UInt8] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.int16("errorCode", &errorCode)
        if c.version >= 5 {
            try c.nullableString("protocolType", &protocolType)
            try c.nullableString("protocolName", &protocolName)
        }
        try c.bytes("assignment", &assignment)
        try c.tags()
    }
}
