// ListGroups (key 16, v0–5): the groups that this broker coordinates.
// Request: v3 flexible · v4 statesFilter (KIP-518) · v5 typesFilter (KIP-848).
// Reply: v1 throttleTimeMs · v3 flexible · v4 groupState (KIP-518) · v5 groupType (KIP-848).
package import Base

/// The body of a ListGroups request; answered by `ListGroupsResponse`.
package struct ListGroupsRequest: RequestMessage {
    package typealias Reply = ListGroupsResponse
    package static let key = APIKey.listGroups
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    /// Since v4: the states to list, all if empty (KIP-518).
    package var statesFilter: [Name] = []
    /// Since v5: the types to list, all if empty (KIP-848).
    package var typesFilter: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 4 { try c.array("statesFilter", &statesFilter) }
        if c.version >= 5 { try c.array("typesFilter", &typesFilter) }
        try c.tags()
    }
}

/// The body of the reply to `ListGroupsRequest`.
package struct ListGroupsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.listGroups
    package static let versions = MessageVersions(0...5, flexibleFrom: 3)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var groups: [ListedGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.int16("errorCode", &errorCode)
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct ListedGroup: Structure {
        package var groupID: Name = ""
        /// Empty for a group that only keeps offsets.
        package var protocolType: Name = ""
        package var groupState: Name = ""
        package var groupType: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            try c.string("protocolType", &protocolType)
            if c.version >= 4 { try c.string("groupState", &groupState) }
            if c.version >= 5 { try c.string("groupType", &groupType) }
            try c.tags()
        }
    }
}
