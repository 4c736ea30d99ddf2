// SaslAuthenticate (key 36, v0–2): one step of a SASL exchange.
// Request: v2 flexible.
// Reply: v1 sessionLifetimeMs · v2 flexible.

/// The body of a SaslAuthenticate request; answered by `SaslAuthenticateResponse`.
package struct SaslAuthenticateRequest: RequestMessage {
    package typealias Reply = SaslAuthenticateResponse
    package static let key = APIKey.saslAuthenticate
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var authBytes: [UInt8] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.bytes("authBytes", &authBytes)
        try c.tags()
    }
}

/// The body of the reply to `SaslAuthenticateRequest`.
package struct SaslAuthenticateResponse: ReplyMessage {
    package static let key = APIKey.saslAuthenticate
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var authBytes: [UInt8] = []
    package var sessionLifetimeMs: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.bytes("authBytes", &authBytes)
        if c.version >= 1 { try c.int64("sessionLifetimeMs", &sessionLifetimeMs) }
        try c.tags()
    }
}
