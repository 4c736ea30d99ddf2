// AlterConfigs (key 33, v0–2): replaces the whole dynamic configuration of resources.
// Request: v2 flexible.
// Reply: v2 flexible.
package import Base

/// The body of an AlterConfigs request; answered by `AlterConfigsResponse`.
package struct AlterConfigsRequest: RequestMessage {
    package typealias Reply = AlterConfigsResponse
    package static let key = APIKey.alterConfigs
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var resources: [AlterConfigsResource] = []
    package var validateOnly = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("resources", &resources)
        try c.bool("validateOnly", &validateOnly)
        try c.tags()
    }

    /// An element of `resources`.
    package struct AlterConfigsResource: Structure {
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""
        package var configs: [AlterableConfig] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            try c.array("configs", &configs)
            try c.tags()
        }
    }

    /// An element of `configs`.
    package struct AlterableConfig: Structure {
        package var name: Name = ""
        package var value: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.nullableString("value", &value)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterConfigsRequest`.
package struct AlterConfigsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterConfigs
    package static let versions = MessageVersions(0...2, flexibleFrom: 2)

    package var throttleTimeMs: Int32 = 0
    package var responses: [AlterConfigsResourceResponse] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("responses", &responses)
        try c.tags()
    }

    /// An element of `responses`.
    package struct AlterConfigsResourceResponse: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            try c.tags()
        }
    }
}
