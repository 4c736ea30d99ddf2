// ExpireDelegationToken (key 40, v0–2): ends a delegation token.
// Request: v2 flexible.
// Reply: v2 flexible.

/// The body of an ExpireDelegationToken request; answered by `ExpireDelegationTokenResponse`.
package struct ExpireDelegationTokenRequest: RequestMessage {
    package typealias Reply = ExpireDelegationTokenResponse
    package static let key = APIKey.expireDelegationToken
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var hmac: [UInt8] = []
    package var expiryTimePeriodMs: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.bytes("hmac", &hmac)
        try c.int64("expiryTimePeriodMs", &expiryTimePeriodMs)
        try c.tags()
    }
}

/// The body of the reply to `ExpireDelegationTokenRequest`.
package struct ExpireDelegationTokenResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.expireDelegationToken
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var errorCode: Int16 = 0
    package var expiryTimestampMs: Int64 = 0
    package var throttleTimeMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.int64("expiryTimestampMs", &expiryTimestampMs)
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.tags()
    }
}
