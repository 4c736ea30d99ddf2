// DescribeGroups (key 15, v0–6): the state and the members of classic groups.
// Request: v3 includeAuthorizedOperations · v5 flexible · v6 same fields (KIP-1043).
// Reply: v1 throttleTimeMs · v3 authorizedOperations · v4 groupInstanceId · v5 flexible · v6 errorMessage
// (KIP-1043).
package import Base

/// The body of a DescribeGroups request; answered by `DescribeGroupsResponse`.
package struct DescribeGroupsRequest: RequestMessage {
    package typealias Reply = DescribeGroupsResponse
    package static let key = APIKey.describeGroups
    package static let versions = MessageVersions(0...6, flexibleFrom: 5)

    package var groups: [Name] = []
    package var includeAuthorizedOperations = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groups", &groups)
        if c.version >= 3 { try c.bool("includeAuthorizedOperations", &includeAuthorizedOperations) }
        try c.tags()
    }
}

/// The body of the reply to `DescribeGroupsRequest`.
package struct DescribeGroupsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeGroups
    package static let versions = MessageVersions(0...6, flexibleFrom: 5)

    package var throttleTimeMs: Int32 = 0
    package var groups: [DescribedGroup] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("groups", &groups)
        try c.tags()
    }

    /// An element of `groups`.
    package struct DescribedGroup: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var groupID: Name = ""
        package var groupState: Name = ""
        package var protocolType: Name = ""
        /// The assignor; empty while the members have not agreed on one.
        package var protocolData: Name = ""
        package var members: [DescribedGroupMember] = []
        /// Since v3: a bit for each operation that the sender may do; the least number where it was not asked
        /// for.
        package var authorizedOperations: Int32 = .min

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            if c.version >= 6 { try c.nullableString("errorMessage", &errorMessage) }
            try c.string("groupId", &groupID)
            try c.string("groupState", &groupState)
            try c.string("protocolType", &protocolType)
            try c.string("protocolData", &protocolData)
            try c.array("members", &members)
            if c.version >= 3 { try c.int32("authorizedOperations", &authorizedOperations) }
            try c.tags()
        }
    }

    /// An element of `members`.
    package struct DescribedGroupMember: Structure {
        package var memberID: Name = ""
        package var groupInstanceID: Name?
        package var clientID: Name = ""
        package var clientHost = ""
        /// What the member told the leader under the assignor of the group.
        package var memberMetadata: [UInt8] = []
        package var memberAssignment: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("memberId", &memberID)
            if c.version >= 4 { try c.nullableString("groupInstanceId", &groupInstanceID) }
            try c.string("clientId", &clientID)
            try c.string("clientHost", &clientHost)
            try c.bytes("memberMetadata", &memberMetadata)
            try c.bytes("memberAssignment", &memberAssignment)
            try c.tags()
        }
    }
}
