// DeleteGroups (key 42, v0–2): deletes empty groups.
// Request: v2 flexible.
// Reply: v2 flexible.
package import Base

/// The body of a DeleteGroups request; answered by `DeleteGroupsResponse`.
package struct DeleteGroupsRequest: RequestMessage {
    package typealias Reply = DeleteGroupsResponse
    package static let key = APIKey.deleteGroups
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var groupsNames: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("groupsNames", &groupsNames)
        try c.tags()
    }
}

/// The body of the reply to `DeleteGroupsRequest`.
package struct DeleteGroupsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.deleteGroups
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var results: [DeletableGroupResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct DeletableGroupResult: Structure {
        package var groupID: Name = ""
        package var errorCode: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("groupId", &groupID)
            try c.int16("errorCode", &errorCode)
            try c.tags()
        }
    }
}
