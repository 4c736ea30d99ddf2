// Configuration, features, producer ids and metadata transactions in the metadata log.
package import Base

/// A configuration value is set or removed.
package struct ConfigRecord: RecordMessage {
    package static let recordType: Int16 = 4
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var resourceType: Int8 = 0
    package var resourceName: Name = ""
    package var name: Name = ""
    package var value: String? = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int8("resourceType", &resourceType)
        try c.string("resourceName", &resourceName)
        try c.string("name", &name)
        try c.nullableString("value", &value)
        try c.tags()
    }
}

/// A client quota is set or removed.
package struct ClientQuotaRecord: RecordMessage {
    package static let recordType: Int16 = 14
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var entity: [EntityData] = []
    package var key: Name = ""
    package var value: Double = 0
    package var remove = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("entity", &entity)
        try c.string("key", &key)
        try c.float64("value", &value)
        try c.bool("remove", &remove)
        try c.tags()
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

/// A feature has another level.
package struct FeatureLevelRecord: RecordMessage {
    package static let recordType: Int16 = 12
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var name: Name = ""
    package var featureLevel: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("name", &name)
        try c.int16("featureLevel", &featureLevel)
        try c.tags()
    }
}

/// A block of producer ids was given to a broker.
package struct ProducerIdsRecord: RecordMessage {
    package static let recordType: Int16 = 15
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var brokerID: Int32 = 0
    package var brokerEpoch: Int64 = -1
    package var nextProducerID: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("brokerId", &brokerID)
        try c.int64("brokerEpoch", &brokerEpoch)
        try c.int64("nextProducerId", &nextProducerID)
        try c.tags()
    }
}

/// A metadata transaction begins.
package struct BeginTransactionRecord: RecordMessage {
    package static let recordType: Int16 = 23
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var name: Name?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: name != nil) { try c.nullableString("name", &name) }
        try c.endTags(&tags)
    }
}

/// A metadata transaction counts from here on.
package struct EndTransactionRecord: RecordMessage {
    package static let recordType: Int16 = 24
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.tags()
    }
}

/// A metadata transaction is given up; its records do not count.
package struct AbortTransactionRecord: RecordMessage {
    package static let recordType: Int16 = 25
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var reason: String?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: reason != nil) { try c.nullableString("reason", &reason) }
        try c.endTags(&tags)
    }
}

/// Nothing: lets the log move on.
package struct NoOpRecord: RecordMessage {
    package static let recordType: Int16 = 20
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.tags()
    }
}

/// How far a migration from ZooKeeper had come.
package struct ZkMigrationStateRecord: RecordMessage {
    package static let recordType: Int16 = 21
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var zkMigrationState: Int8 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int8("zkMigrationState", &zkMigrationState)
        try c.tags()
    }
}
