// AddRaftVoter (key 80, v0–1, flexible): adds a voter to the metadata quorum (KIP-853).
// Request: v1 ackWhenCommitted.
package import Base

/// The body of an AddRaftVoter request; answered by `AddRaftVoterResponse`.
package struct AddRaftVoterRequest: RequestMessage {
    package typealias Reply = AddRaftVoterResponse
    package static let key = APIKey.addRaftVoter
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var clusterID: Name? = ""
    package var timeoutMs: Int32 = 0
    package var voterID: Int32 = 0
    package var voterDirectoryID = UUID.zero
    package var listeners: [Listener] = []
    package var ackWhenCommitted = true

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("clusterId", &clusterID)
        try c.int32("timeoutMs", &timeoutMs)
        try c.int32("voterId", &voterID)
        try c.uuid("voterDirectoryId", &voterDirectoryID)
        try c.array("listeners", &listeners)
        if c.version >= 1 { try c.bool("ackWhenCommitted", &ackWhenCommitted) }
        try c.tags()
    }

    /// An element of `listeners`.
    package struct Listener: Structure {
        package var name: Name = ""
        package var host = ""
        package var port: UInt16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.string("host", &host)
            try c.uint16("port", &port)
            try c.tags()
        }
    }
}

/// The body of the reply to `AddRaftVoterRequest`.
package struct AddRaftVoterResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.addRaftVoter
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

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
