// RemoveRaftVoter (key 81, v0, flexible): removes a voter from the metadata quorum (KIP-853).
package import Base

/// The body of a RemoveRaftVoter request; answered by `RemoveRaftVoterResponse`.
package struct RemoveRaftVoterRequest: RequestMessage {
    package typealias Reply = RemoveRaftVoterResponse
    package static let key = APIKey.removeRaftVoter
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var clusterID: Name? = ""
    package var voterID: Int32 = 0
    package var voterDirectoryID = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("clusterId", &clusterID)
        try c.int32("voterId", &voterID)
        try c.uuid("voterDirectoryId", &voterDirectoryID)
        try c.tags()
    }
}

/// The body of the reply to `RemoveRaftVoterRequest`.
package struct RemoveRaftVoterResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.removeRaftVoter
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.tags()
    }
}
