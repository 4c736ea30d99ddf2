// Classic groups in `__consumer_offsets`.
// GroupMetadataValue: v1 rebalanceTimeout · v2 currentStateTimestamp · v3 groupInstanceId · v4 flexible
// (KIP-915).
package import Base

/// Which classic group.
package struct GroupMetadataKey: RecordMessage {
    package static let recordType: Int16 = 2
    package static let versions = MessageVersions(0...0)

    package var group: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("group", &group)
    }
}

/// A classic group: generation, leader, members with their assignments.
package struct GroupMetadataValue: RecordMessage {
    package static let recordType: Int16 = 2
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var protocolType: Name = ""
    package var generation: Int32 = 0
    package var `protocol`: Name? = ""
    package var leader: Name? = ""
    package var currentStateTimestamp: Int64 = -1
    package var members: [MemberMetadata] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("protocolType", &protocolType)
        try c.int32("generation", &generation)
        try c.nullableString("protocol", &`protocol`)
        try c.nullableString("leader", &leader)
        if c.version >= 2 { try c.int64("currentStateTimestamp", &currentStateTimestamp) }
        try c.array("members", &members)
        try c.tags()
    }

    /// An element of `members`.
    package struct MemberMetadata: Structure {
        package var memberID: Name = ""
        package var groupInstanceID: Name?
        package var clientID: Name = ""
        package var clientHost = ""
        package var rebalanceTimeout: Int32 = -1
        package var sessionTimeout: Int32 = 0
        package var subscription: [UInt8] = []
        package var assignment: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            if c.version >= 3 { try c.nullableString("groupInstanceId", &groupInstanceID) }
            try c.string("clientId", &clientID)
            try c.string("clientHost", &clientHost)
            if c.version >= 1 { try c.int32("rebalanceTimeout", &rebalanceTimeout) }
            try c.int32("sessionTimeout", &sessionTimeout)
            try c.bytes("subscription", &subscription)
            try c.bytes("assignment", &assignment)
            try c.tags()
        }
    }
}
