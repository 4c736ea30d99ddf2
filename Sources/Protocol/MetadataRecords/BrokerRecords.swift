// Brokers and controllers in the metadata log.
// RegisterBrokerRecord: v1 inControlledShutdown · v2 isMigratingZkBroker · v3 logDirs · v4 cordonedLogDirs.
// BrokerRegistrationChangeRecord: v1 inControlledShutdown · v2 logDirs · v3 cordonedLogDirs.
package import Base

/// A broker has come, with its endpoints and features.
package struct RegisterBrokerRecord: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...4, flexibleFrom: 0)

    package var brokerID: Int32 = 0
    package var isMigratingZkBroker = false
    package var incarnationID = UUID.zero
    package var brokerEpoch: Int64 = 0
    package var endPoints: [BrokerEndpoint] = []
    package var features: [BrokerFeature] = []
    package var rack: Name? = ""
    package var fenced = true
    package var inControlledShutdown = false
    package var logDirs: [UUID] = []
    package var cordonedLogDirs: [UUID]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("brokerId", &brokerID)
        if c.version >= 2 { try c.bool("isMigratingZkBroker", &isMigratingZkBroker) }
        try c.uuid("incarnationId", &incarnationID)
        try c.int64("brokerEpoch", &brokerEpoch)
        try c.array("endPoints", &endPoints)
        try c.array("features", &features)
        try c.nullableString("rack", &rack)
        try c.bool("fenced", &fenced)
        if c.version >= 1 { try c.bool("inControlledShutdown", &inControlledShutdown) }
        var tags = try c.beginTags()
        if c.version >= 3, try c.tag(0, &tags, when: !logDirs.isEmpty) { try c.array("logDirs", &logDirs) }
        if c.version >= 4, try c.tag(1, &tags, when: cordonedLogDirs != nil) {
            try c.nullableArray("cordonedLogDirs", &cordonedLogDirs)
        }
        try c.endTags(&tags)
    }

    /// An element of `endPoints`.
    package struct BrokerEndpoint: Structure {
        package var name: Name = ""
        package var host = ""
        package var port: UInt16 = 0
        package var securityProtocol: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.string("host", &host)
            try c.uint16("port", &port)
            try c.int16("securityProtocol", &securityProtocol)
            try c.tags()
        }
    }

    /// An element of `features`.
    package struct BrokerFeature: Structure {
        package var name: Name = ""
        package var minSupportedVersion: Int16 = 0
        package var maxSupportedVersion: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int16("minSupportedVersion", &minSupportedVersion)
            try c.int16("maxSupportedVersion", &maxSupportedVersion)
            try c.tags()
        }
    }
}

/// A broker is gone for good.
package struct UnregisterBrokerRecord: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var brokerID: Int32 = 0
    package var brokerEpoch: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("brokerId", &brokerID)
        try c.int64("brokerEpoch", &brokerEpoch)
        try c.tags()
    }
}

/// A broker is fenced.
package struct FenceBrokerRecord: RecordMessage {
    package static let recordType: Int16 = 7
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var id: Int32 = 0
    package var epoch: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("id", &id)
        try c.int64("epoch", &epoch)
        try c.tags()
    }
}

/// A broker is fenced no more.
package struct UnfenceBrokerRecord: RecordMessage {
    package static let recordType: Int16 = 8
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var id: Int32 = 0
    package var epoch: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("id", &id)
        try c.int64("epoch", &epoch)
        try c.tags()
    }
}

/// A broker is fenced, unfenced, shutting down, or has other directories.
package struct BrokerRegistrationChangeRecord: RecordMessage {
    package static let recordType: Int16 = 17
    package static let versions = MessageVersions(0...3, flexibleFrom: 0)

    package var brokerID: Int32 = 0
    package var brokerEpoch: Int64 = 0
    package var fenced: Int8 = 0
    package var inControlledShutdown: Int8 = 0
    package var logDirs: [UUID] = []
    package var cordonedLogDirs: [UUID]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("brokerId", &brokerID)
        try c.int64("brokerEpoch", &brokerEpoch)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: fenced != 0) { try c.int8("fenced", &fenced) }
        if c.version >= 1, try c.tag(1, &tags, when: inControlledShutdown != 0) {
            try c.int8("inControlledShutdown", &inControlledShutdown)
        }
        if c.version >= 2, try c.tag(2, &tags, when: !logDirs.isEmpty) { try c.array("logDirs", &logDirs) }
        if c.version >= 3, try c.tag(3, &tags, when: cordonedLogDirs != nil) {
            try c.nullableArray("cordonedLogDirs", &cordonedLogDirs)
        }
        try c.endTags(&tags)
    }
}

/// A controller has come, with its endpoints and features.
package struct RegisterControllerRecord: RecordMessage {
    package static let recordType: Int16 = 27
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var controllerID: Int32 = 0
    package var incarnationID = UUID.zero
    package var zkMigrationReady = false
    package var endPoints: [ControllerEndpoint] = []
    package var features: [ControllerFeature] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("controllerId", &controllerID)
        try c.uuid("incarnationId", &incarnationID)
        try c.bool("zkMigrationReady", &zkMigrationReady)
        try c.array("endPoints", &endPoints)
        try c.array("features", &features)
        try c.tags()
    }

    /// An element of `endPoints`.
    package struct ControllerEndpoint: Structure {
        package var name: Name = ""
        package var host = ""
        package var port: UInt16 = 0
        package var securityProtocol: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.string("host", &host)
            try c.uint16("port", &port)
            try c.int16("securityProtocol", &securityProtocol)
            try c.tags()
        }
    }

    /// An element of `features`.
    package struct ControllerFeature: Structure {
        package var name: Name = ""
        package var minSupportedVersion: Int16 = 0
        package var maxSupportedVersion: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.int16("minSupportedVersion", &minSupportedVersion)
            try c.int16("maxSupportedVersion", &maxSupportedVersion)
            try c.tags()
        }
    }
}
