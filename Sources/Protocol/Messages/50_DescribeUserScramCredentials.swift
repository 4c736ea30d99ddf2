// DescribeUserScramCredentials (key 50, v0, flexible): which users have SCRAM credentials, and of which
// kind.
package import Base

/// The body of a DescribeUserScramCredentials request; answered by `DescribeUserScramCredentialsResponse`.
package struct DescribeUserScramCredentialsRequest: RequestMessage {
    package typealias Reply = DescribeUserScramCredentialsResponse
    package static let key = APIKey.describeUserScramCredentials
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var users: [UserName]? = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableArray("users", &users)
        try c.tags()
    }

    /// An element of `users`.
    package struct UserName: Structure {
        package var name: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeUserScramCredentialsRequest`.
package struct DescribeUserScramCredentialsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeUserScramCredentials
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var results: [DescribeUserScramCredentialsResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct DescribeUserScramCredentialsResult: Structure {
        package var user: Name = ""
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var credentialInfos: [CredentialInfo] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("user", &user)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.array("credentialInfos", &credentialInfos)
            try c.tags()
        }
    }

    /// An element of `credentialInfos`.
    package struct CredentialInfo: Structure {
        package var mechanism: Int8 = 0
        package var iterations: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("mechanism", &mechanism)
            try c.int32("iterations", &iterations)
            try c.tags()
        }
    }
}
