// CreateDelegationToken (key 38, v0–3): issues a delegation token.
// Request: v2 flexible · v3 ownerPrincipalType, ownerPrincipalName.
// Reply: v2 flexible · v3 tokenRequesterPrincipalType, tokenRequesterPrincipalName.
package import Base

/// The body of a CreateDelegationToken request; answered by `CreateDelegationTokenResponse`.
package struct CreateDelegationTokenRequest: RequestMessage {
    package typealias Reply = CreateDelegationTokenResponse
    package static let key = APIKey.createDelegationToken
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var ownerPrincipalType: Name? = ""
    package var ownerPrincipalName: Name? = ""
    package var renewers: [CreatableRenewers] = []
    package var maxLifetimeMs: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 {
            try c.nullableString("ownerPrincipalType", &ownerPrincipalType)
            try c.nullableString("ownerPrincipalName", &ownerPrincipalName)
        }
        try c.array("renewers", &renewers)
        try c.int64("maxLifetimeMs", &maxLifetimeMs)
        try c.tags()
    }

    /// An element of `renewers`.
    package struct CreatableRenewers: Structure {
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

/// The body of the reply to `CreateDelegationTokenRequest`.
package struct CreateDelegationTokenResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.createDelegationToken
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var errorCode: Int16 = 0
    package var principalType: Name = ""
    package var principalName: Name = ""
    package var tokenRequesterPrincipalType: Name = ""
    package var tokenRequesterPrincipalName: Name = ""
    package var issueTimestampMs: Int64 = 0
    package var expiryTimestampMs: Int64 = 0
    package var maxTimestampMs: Int64 = 0
    package var tokenID: Name = ""
    package var hmac: [UInt8] = []
    package var throttleTimeMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        try c.string("principalType", &principalType)
        try c.string("principalName", &principalName)
        if c.version >= 3 {
            try c.string("tokenRequesterPrincipalType", &tokenRequesterPrincipalType)
            try c.string("tokenRequesterPrincipalName", &tokenRequesterPrincipalName)
        }
        try c.int64("issueTimestampMs", &issueTimestampMs)
        try c.int64("expiryTimestampMs", &expiryTimestampMs)
        try c.int64("maxTimestampMs", &maxTimestampMs)
        try c.string("tokenId", &tokenID)
        try c.bytes("hmac", &hmac)
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.tags()
    }
}
