// CreateAcls (key 30, v0–3): adds access rules.
// Request: v1 resourcePatternType · v2 flexible.
// Reply: v2 flexible.
package import Base

/// The body of a CreateAcls request; answered by `CreateAclsResponse`.
package struct CreateAclsRequest: RequestMessage {
    package typealias Reply = CreateAclsResponse
    package static let key = APIKey.createAcls
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var creations: [AclCreation] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("creations", &creations)
        try c.tags()
    }

    /// An element of `creations`.
    package struct AclCreation: Structure {
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""
        package var resourcePatternType: Int8 = 3
        package var principal: Name = ""
        package var host: Name = ""
        package var operation: Int8 = 0
        package var permissionType: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            if c.version >= 1 { try c.int8("resourcePatternType", &resourcePatternType) }
            try c.string("principal", &principal)
            try c.string("host", &host)
            try c.int8("operation", &operation)
            try c.int8("permissionType", &permissionType)
            try c.tags()
        }
    }
}

/// The body of the reply to `CreateAclsRequest`.
package struct CreateAclsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.createAcls
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var results: [AclCreationResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct AclCreationResult: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.tags()
        }
    }
}
