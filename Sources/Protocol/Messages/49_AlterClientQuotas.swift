// AlterClientQuotas (key 49, v0–1): sets and removes client quotas.
// Request: v1 flexible.
// Reply: v1 flexible.
package import Base

/// The body of an AlterClientQuotas request; answered by `AlterClientQuotasResponse`.
package struct AlterClientQuotasRequest: RequestMessage {
    package typealias Reply = AlterClientQuotasResponse
    package static let key = APIKey.alterClientQuotas
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    package var entries: [EntryData] = []
    package var validateOnly = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("entries", &entries)
        try c.bool("validateOnly", &validateOnly)
        try c.tags()
    }

    /// An element of `entries`.
    package struct EntryData: Structure {
        package var entity: [EntityData] = []
        package var ops: [OpData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.array("entity", &entity)
            try c.array("ops", &ops)
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

    /// An element of `ops`.
    package struct OpData: Structure {
        package var key: Name = ""
        package var value: Double = 0
        package var remove = false

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("key", &key)
            try c.float64("value", &value)
            try c.bool("remove", &remove)
            try c.tags()
        }
    }
}

/// The body of the reply to `AlterClientQuotasRequest`.
package struct AlterClientQuotasResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.alterClientQuotas
    package static let versions = MessageVersions(0...1, flexibleFrom: 1)

    package var throttleTimeMs: Int32 = 0
    package var entries: [EntryData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("entries", &entries)
        try c.tags()
    }

    /// An element of `entries`.
    package struct EntryData: Structure {
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var entity: [EntityData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.array("entity", &entity)
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
}
