// Access rules, credentials and tokens in the metadata log.
package import Base

/// An access rule.
package struct AccessControlEntryRecord: RecordMessage {
    package static let recordType: Int16 = 18
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var id = UUID.zero
    package var resourceType: Int8 = 0
    package var resourceName: Name = ""
    package var patternType: Int8 = 0
    package var principal: Name = ""
    package var host: Name = ""
    package var operation: Int8 = 0
    package var permissionType: Int8 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("id", &id)
        try c.int8("resourceType", &resourceType)
        try c.string("resourceName", &resourceName)
        try c.int8("patternType", &patternType)
        try c.string("principal", &principal)
        try c.string("host", &host)
        try c.int8("operation", &operation)
        try c.int8("permissionType", &permissionType)
        try c.tags()
    }
}

/// An access rule is gone.
package struct RemoveAccessControlEntryRecord: RecordMessage {
    package static let recordType: Int16 = 19
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var id = UUID.zero

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("id", &id)
        try c.tags()
    }
}

/// A SCRAM credential.
package struct UserScramCredentialRecord: RecordMessage {
    package static let recordType: Int16 = 11
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var name: Name = ""
    package var mechanism: Int8 = 0
    package var salt: [UInt8] = []
    package var storedKey: [UInt8] = []
    package var serverKey: [UInt8] = []
    package var iterations: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("name", &name)
        try c.int8("mechanism", &mechanism)
        try c.bytes("salt", &salt)
        try c.bytes("storedKey", &storedKey)
        try c.bytes("serverKey", &serverKey)
        try c.int32("iterations", &iterations)
        try c.tags()
    }
}

/// A SCRAM credential is gone.
package struct RemoveUserScramCredentialRecord: RecordMessage {
    package static let recordType: Int16 = 22
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var name: Name = ""
    package var mechanism: Int8 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("name", &name)
        try c.int8("mechanism", &mechanism)
        try c.tags()
    }
}

/// A delegation token.
package struct DelegationTokenRecord: RecordMessage {
    package static let recordType: Int16 = 10
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var owner: Name = ""
    package var requester: Name = ""
    package var renewers: [Name] = []
    package var issueTimestamp: Int64 = 0
    package var maxTimestamp: Int64 = 0
    package var expirationTimestamp: Int64 = 0
    package var tokenID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("owner", &owner)
        try c.string("requester", &requester)
        try c.array("renewers", &renewers)
        try c.int64("issueTimestamp", &issueTimestamp)
        try c.int64("maxTimestamp", &maxTimestamp)
        try c.int64("expirationTimestamp", &expirationTimestamp)
        try c.string("tokenId", &tokenID)
        try c.tags()
    }
}

/// A delegation token is gone.
package struct RemoveDelegationTokenRecord: RecordMessage {
    package static let recordType: Int16 = 26
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var tokenID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("tokenId", &tokenID)
        try c.tags()
    }
}
