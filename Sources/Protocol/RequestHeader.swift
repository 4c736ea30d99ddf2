// What stands before the body of every request and reply.
package import Base

/// The header of a request.
///
/// v0 has no client id, v2 ends in tagged fields; which one applies follows from key and version.
package struct RequestHeader: Message {
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    /// The raw API key; `key` if it is known.
    package var requestAPIKey: Int16 = 0
    /// The version of the body, and of the reply's.
    package var requestAPIVersion: Int16 = 0
    /// The client's number for the exchange, which the reply repeats.
    package var correlationID: Int32 = 0
    /// What the client calls itself.
    package var clientID: Name? = ""

    /// The header with every field at its default.
    package init() {}

    /// The fields in wire order.
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("requestApiKey", &requestAPIKey)
        try c.int16("requestApiVersion", &requestAPIVersion)
        try c.int32("correlationId", &correlationID)
        if c.version >= 1 { try c.headerString("clientId", &clientID) }
        try c.tags()
    }
}

extension RequestHeader {
    /// The key, if it is one of the protocol's.
    package var key: APIKey? { APIKey(rawValue: requestAPIKey) }
    /// The version of body and reply.
    package var version: Int16 { requestAPIVersion }

    /// Reads the header of `frame` (without its 4-byte size) and tells where the body begins.
    ///
    /// Throws `unknownMessage` for an API key that does not exist, as nothing then says which header stands
    /// there.
    package static func read(from frame: RawSpan) throws(WireError) -> (header: RequestHeader, bodyStart: Int)
    {
        var reader = MessageReader(frame, version: 0, flexible: false)
        var number: Int16 = 0
        var version: Int16 = 0
        try reader.int16("requestApiKey", &number)
        try reader.int16("requestApiVersion", &version)
        guard let key = APIKey(rawValue: number) else {
            throw WireError(.unknownMessage, field: "requestApiKey")
        }
        let headerVersion = key.requestHeaderVersion(version)
        reader = MessageReader(frame, version: headerVersion, flexible: headerVersion >= 2)
        var header = RequestHeader()
        try header.read(&reader)
        return (header, reader.position)
    }
}

/// The header of a reply; v1 ends in tagged fields.
package struct ResponseHeader: Message {
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    /// The number that the request carried.
    package var correlationID: Int32 = 0

    /// The header with every field at its default.
    package init() {}

    /// The fields in wire order.
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("correlationId", &correlationID)
        try c.tags()
    }
}
