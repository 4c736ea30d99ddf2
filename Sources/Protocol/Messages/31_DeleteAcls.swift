// DeleteAcls (key 31, v0–3): removes access rules that match filters.
// Request: v1 patternTypeFilter · v2 flexible.
// Reply: v1 patternType · v2 flexible.
package import Base

/// The body of a DeleteAcls request; answered by `DeleteAclsResponse`.
package struct DeleteAclsRequest: RequestMessage {
    package typealias Reply = DeleteAclsResponse
    package static let key = APIKey.deleteAcls
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var filters: [DeleteAclsFilter] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("filters", &filters)
        try c.tags()
    }

    /// An element of `filters`.
    package struct DeleteAclsFilter: Structure {
        package var resourceTypeFilter: Int8 = 0
        package var resourceNameFilter: Name? = ""
        package var patternTypeFilter: Int8 = 3
        package var principalFilter: Name? = ""
        package var hostFilter: Name? = ""
        package var operation: Int8 = 0
        package var permissionType: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("resourceTypeFilter", &resourceTypeFilter)
            try c.nullableString("resourceNameFilter", &resourceNameFilter)
            if c.version >= 1 { try c.int8("patternTypeFilter", &patternTypeFilter) }
            try c.nullableString("principalFilter", &principalFilter)
            try c.nullableString("hostFilter", &hostFilter)
            try c.int8("operation", &operation)
            try c.int8("permissionType", &permissionType)
            try c.tags()
        }
    }
}

/// The body of the reply to `DeleteAclsRequest`.
package struct DeleteAclsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.deleteAcls
    package static let versions = MessageVersions(0...3, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var filterResults: [DeleteAclsFilterResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("filterResults", &filterResults)
        try c.tags()
    }

    /// An element of `filterResults`.
    package struct DeleteAclsFilterResult: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var matchingAcls: [DeleteAclsMatchingAcl] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.array("matchingAcls", &matchingAcls)
            try c.tags()
        }
    }

    /// An element of `matchingAcls`.
    package struct DeleteAclsMatchingAcl: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""
        package var patternType: Int8 = 3
        package var principal: Name = ""
        package var host: Name = ""
        package var operation: Int8 = 0
        package var permissionType: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            if c.version >= 1 { try c.int8("patternType", &patternType) }
            try c.string("principal", &principal)
            try c.string("host", &host)
            try c.int8("operation", &operation)
            try c.int8("permissionType", &permissionType)
            try c.tags()
        }
    }
}
