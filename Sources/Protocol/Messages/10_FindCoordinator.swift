// FindCoordinator (key 10, v0–6): which broker looks after a group, a transactional id or a share
// partition.
// Request: v1 keyType · v3 flexible · v4 coordinatorKeys, without key (KIP-699) · v5 same fields (KIP-890)
// · v6 same fields (KIP-932).
// Reply: v1 throttleTimeMs, errorMessage · v3 flexible · v4 coordinators, without errorCode, errorMessage,
// nodeId, host and 1 more (KIP-699) · v5 same fields (KIP-890) · v6 same fields (KIP-932).
package import Base

/// The body of a FindCoordinator request; answered by `FindCoordinatorResponse`.
package struct FindCoordinatorRequest: RequestMessage {
    package typealias Reply = FindCoordinatorResponse
    package static let key = APIKey.findCoordinator
    package static let versions = MessageVersions(0...6, flexibleFrom: 3)

    /// Up to v3: the group, or the transactional id.
    package var key: Name = ""
    /// Since v1: 0 groups, 1 transactional ids, since v6 2 share partitions.
    package var keyType: Int8 = 0
    /// Since v4; those of share partitions are `group:topic id:partition`.
    package var coordinatorKeys: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version <= 3 { try c.string("key", &key) }
        if c.version >= 1 { try c.int8("keyType", &keyType) }
        if c.version >= 4 { try c.array("coordinatorKeys", &coordinatorKeys) }
        try c.tags()
    }
}

/// The body of the reply to `FindCoordinatorRequest`.
package struct FindCoordinatorResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.findCoordinator
    package static let versions = MessageVersions(0...6, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var nodeID: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var coordinators: [Coordinator] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        if c.version <= 3 { try c.int16("errorCode", &errorCode) }
        if (1...3).contains(c.version) { try c.nullableString("errorMessage", &errorMessage) }
        if c.version <= 3 {
            try c.int32("nodeId", &nodeID)
            try c.string("host", &host)
            try c.int32("port", &port)
        }
        if c.version >= 4 { try c.array("coordinators", &coordinators) }
        try c.tags()
    }

    /// An element of `coordinators`.
    package struct Coordinator: Structure {
        package var key: Name = ""
        package var nodeID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("key", &key)
            try c.int32("nodeId", &nodeID)
            try c.string("host", &host)
            try c.int32("port", &port)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
