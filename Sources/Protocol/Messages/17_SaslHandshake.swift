// SaslHandshake (key 17, v0–1): picks the SASL mechanism of the connection.
package import Base

/// The body of a SaslHandshake request; answered by `SaslHandshakeResponse`.
package struct SaslHandshakeRequest: RequestMessage {
    package typealias Reply = SaslHandshakeResponse
    package static let key = APIKey.saslHandshake
    package static let versions = MessageVersions(0...1)

    package var mechanism: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("mechanism", &mechanism)
    }
}

/// The body of the reply to `SaslHandshakeRequest`.
package struct SaslHandshakeResponse: ReplyMessage {
    package static let key = APIKey.saslHandshake
    package static let versions = MessageVersions(0...1)

    package var errorCode: Int16 = 0
    package var mechanisms: [Name] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.array("mechanisms", &mechanisms)
    }
}
