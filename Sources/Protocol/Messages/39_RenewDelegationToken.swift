// RenewDelegationToken (key 39, v0–2): prolongs a delegation token.
// Request: v2 flexible.
// Reply: v2 flexible.

/// The body of a RenewDelegationToken request; answered by `RenewDelegationTokenResponse`.
package struct RenewDelegationTokenRequest: RequestMessage {
    package typealias Reply = RenewDelegationTokenResponse
    package static let key = APIKey.renewDelegationToken
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var hmac: [UInt8] = []
    package var renewPeriodMs: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.bytes("hmac", &hmac)
        try c.int64("renewPeriodMs", &renewPeriodMs)
        try c.tags()
    }
}

/// The body of the reply to `RenewDelegationTokenRequest`.
package struct RenewDelegationTokenResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.renewDelegationToken
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
