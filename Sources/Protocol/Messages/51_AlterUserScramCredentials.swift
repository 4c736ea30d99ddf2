// AlterUserScramCredentials (key 51, v0, flexible): sets and removes SCRAM credentials.
package import Base

/// The body of an AlterUserScramCredentials request; answered by `AlterUserScramCredentialsResponse`.
package struct AlterUserScramCredentialsRequest: RequestMessage {
    package typealias Reply = AlterUserScramCredentialsResponse
    package static let key = APIKey.alterUserScramCredentials
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var deletions: [ScramCredentialDeletion] = []
    package var upsertions: [ScramCredentialUpsertion] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("deletions", &deletions)
        try c.array("upsertions", &upsertions)
        try c.tags()
    }

    /// An element of `deletions`.
    package struct ScramCredentialDeletion: Structure {
        package var name: Name = ""
        package var mechanism: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int8("mechanism", &mechanism)
            try c.tags()
        }
    }

    /// An element of `upsertions`.
    package struct ScramCredentialUpsertion: Structure {
        package var name: Name = ""
        package var mechanism: Int8 = 0
        package var iterations: Int32 = 0
        package var salt: [UInt8] = []
        package var saltedPassword: [UInt8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int8("mechanism", &mechanism)
            try c.int32("iterations", &iterations)
            try c.bytes("salt", &salt)
            try c.bytes("saltedPassword", &saltedPassword)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterUserScramCredentialsRequest`.
package struct AlterUserScramCredentialsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterUserScramCredentials
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var results: [AlterUserScramCredentialsResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct AlterUserScramCredentialsResult: Structure {
        package var user: Name = ""
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("user", &user)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
