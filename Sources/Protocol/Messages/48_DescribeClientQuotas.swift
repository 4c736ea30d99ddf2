// DescribeClientQuotas (key 48, v0–1): lists client quotas.
// Request: v1 flexible.
// Reply: v1 flexible.
package import Base

/// The body of a DescribeClientQuotas request; answered by `DescribeClientQuotasResponse`.
package struct DescribeClientQuotasRequest: RequestMessage {
    package typealias Reply = DescribeClientQuotasResponse
    package static let key = APIKey.describeClientQuotas
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    package var components: [ComponentData] = []
    package var strict = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("components", &components)
        try c.bool("strict", &strict)
        try c.tags()
    }

    /// An element of `components`.
    package struct ComponentData: Structure {
        package var entityType: Name = ""
        package var matchType: Int8 = 0
        package var match: Name? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("entityType", &entityType)
            try c.int8("matchType", &matchType)
            try c.nullableString("match", &match)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeClientQuotasRequest`.
package struct DescribeClientQuotasResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeClientQuotas
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var entries: [EntryData]? = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.nullableArray("entries", &entries)
        try c.tags()
    }

    /// An element of `entries`.
    package struct EntryData: Structure {
        package var entity: [EntityData] = []
        package var values: [ValueData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("entity", &entity)
            try c.array("values", &values)
            try c.tags()
        }
    }

    /// An element of `entity`.
    package struct EntityData: Structure {
        package var entityType: Name = ""
        package var entityName: Name? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("entityType", &entityType)
            try c.nullableString("entityName", &entityName)
            try c.tags()
        }
    }

    /// An element of `values`.
    package struct ValueData: Structure {
        package var key: Name = ""
        package var value: Double = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("key", &key)
            try c.float64("value", &value)
            try c.tags()
        }
    }
}
