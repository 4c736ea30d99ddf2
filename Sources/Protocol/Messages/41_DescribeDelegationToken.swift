// DescribeDelegationToken (key 41, v0–3): lists delegation tokens.
// Request: v2 flexible.
// Reply: v2 flexible · v3 tokenRequesterPrincipalType, tokenRequesterPrincipalName.
package import Base

/// The body of a DescribeDelegationToken request; answered by `DescribeDelegationTokenResponse`.
package struct DescribeDelegationTokenRequest: RequestMessage {
    package typealias Reply = DescribeDelegationTokenResponse
    package static let key = APIKey.describeDelegationToken
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var owners: [DescribeDelegationTokenOwner]? = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableArray("owners", &owners)
        try c.tags()
    }

    /// An element of `owners`.
    package struct DescribeDelegationTokenOwner: Structure {
        package var principalType: Name = ""
        package var principalName: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("principalType", &principalType)
            try c.string("principalName", &principalName)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeDelegationTokenRequest`.
package struct DescribeDelegationTokenResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeDelegationToken
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var errorCode: Int16 = 0
    package var tokens: [DescribedDelegationToken] = []
    package var throttleTimeMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.array("tokens", &tokens)
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.tags()
    }

    /// An element of `tokens`.
    package struct DescribedDelegationToken: Structure {
        package var principalType: Name = ""
        package var principalName: Name = ""
        package var tokenRequesterPrincipalType: Name = ""
        package var tokenRequesterPrincipalName: Name = ""
        package var issueTimestamp: Int64 = 0
        package var expiryTimestamp: Int64 = 0
        package var maxTimestamp: Int64 = 0
        package var tokenID: Name = ""
        package var hmac: [UInt8] = []
        package var renewers: [DescribedDelegationTokenRenewer] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("principalType", &principalType)
            try c.string("principalName", &principalName)
            if c.version >= 3 {
                try c.string("tokenRequesterPrincipalType", &tokenRequesterPrincipalType)
                try c.string("tokenRequesterPrincipalName", &tokenRequesterPrincipalName)
            }
            try c.int64("issueTimestamp", &issueTimestamp)
            try c.int64("expiryTimestamp", &expiryTimestamp)
            try c.int64("maxTimestamp", &maxTimestamp)
            try c.string("tokenId", &tokenID)
            try c.bytes("hmac", &hmac)
            try c.array("renewers", &renewers)
            try c.tags()
        }
    }

    /// An element of `renewers`.
    package struct DescribedDelegationTokenRenewer: Structure {
        package var principalType: Name = ""
        package var principalName: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("principalType", &principalType)
            try c.string("principalName", &principalName)
            try c.tags()
        }
    }
}
