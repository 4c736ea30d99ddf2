// DescribeConfigs (key 32, v0–4): the configuration of topics, brokers and groups, with where each value
// comes from.
// Request: v1 includeSynonyms · v3 includeDocumentation · v4 flexible.
// Reply: v1 configSource, synonyms, without isDefault · v3 configType, documentation · v4 flexible.
package import Base

/// The body of a DescribeConfigs request; answered by `DescribeConfigsResponse`.
package struct DescribeConfigsRequest: RequestMessage {
    package typealias Reply = DescribeConfigsResponse
    package static let key = APIKey.describeConfigs
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var resources: [DescribeConfigsResource] = []
    package var includeSynonyms = false
    package var includeDocumentation = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("resources", &resources)
        if c.version >= 1 { try c.bool("includeSynonyms", &includeSynonyms) }
        if c.version >= 3 { try c.bool("includeDocumentation", &includeDocumentation) }
        try c.tags()
    }

    /// An element of `resources`.
    package struct DescribeConfigsResource: Structure {
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""
        package var configurationKeys: [Name]? = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            try c.nullableArray("configurationKeys", &configurationKeys)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeConfigsRequest`.
package struct DescribeConfigsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeConfigs
    package static let versions = MessageVersions(0...4, flexibleFrom: 4)

    package var throttleTimeMs: Int32 = 0
    package var results: [DescribeConfigsResult] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("results", &results)
        try c.tags()
    }

    /// An element of `results`.
    package struct DescribeConfigsResult: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var resourceType: Int8 = 0
        package var resourceName: Name = ""
        package var configs: [DescribeConfigsResourceResult] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.int8("resourceType", &resourceType)
            try c.string("resourceName", &resourceName)
            try c.array("configs", &configs)
            try c.tags()
        }
    }

    /// An element of `configs`.
    package struct DescribeConfigsResourceResult: Structure {
        package var name: Name = ""
        package var value: String? = ""
        package var readOnly = false
        package var isDefault = false
        package var configSource: Int8 = -1
        package var isSensitive = false
        package var synonyms: [DescribeConfigsSynonym] = []
        package var configType: Int8 = 0
        package var documentation: String? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.nullableString("value", &value)
            try c.bool("readOnly", &readOnly)
            if c.version <= 0 { try c.bool("isDefault", &isDefault) }
            if c.version >= 1 { try c.int8("configSource", &configSource) }
            try c.bool("isSensitive", &isSensitive)
            if c.version >= 1 { try c.array("synonyms", &synonyms) }
            if c.version >= 3 {
                try c.int8("configType", &configType)
                try c.nullableString("documentation", &documentation)
            }
            try c.tags()
        }
    }

    /// An element of `synonyms`.
    package struct DescribeConfigsSynonym: Structure {
        package var name: Name = ""
        package var value: String? = ""
        package var source: Int8 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.nullableString("value", &value)
            try c.int8("source", &source)
            try c.tags()
        }
    }
}
