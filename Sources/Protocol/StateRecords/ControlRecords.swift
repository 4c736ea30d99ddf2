// Keys and values of control records: transaction markers, and what the metadata quorum writes between its
// records.
// LeaderChangeMessage: v1 voterDirectoryId (KIP-853).
package import Base

/// The key of a control record: what kind it is.
package struct ControlRecordTypeSchema: Message {
    package static let versions = MessageVersions(0...0)

    package var type: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("type", &type)
    }
}

/// The value of a commit or abort marker.
package struct EndTxnMarker: Message {
    package static let versions = MessageVersions(0...0)

    package var coordinatorEpoch: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("coordinatorEpoch", &coordinatorEpoch)
    }
}

/// The control record that opens each epoch of the metadata log.
package struct LeaderChangeMessage: Message {
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var version: Int16 = 0
    package var leaderID: Int32 = 0
    package var voters: [Voter] = []
    package var grantingVoters: [Voter] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("version", &version)
        try c.int32("leaderId", &leaderID)
        try c.array("voters", &voters)
        try c.array("grantingVoters", &grantingVoters)
        try c.tags()
    }

    /// An element of `voters` and `grantingVoters`.
    package struct Voter: Structure {
        package var voterID: Int32 = 0
        package var voterDirectoryID = UUID.zero

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("voterId", &voterID)
            if c.version >= 1 { try c.uuid("voterDirectoryId", &voterDirectoryID) }
            try c.tags()
        }
    }
}

/// The control record that opens a metadata snapshot.
package struct SnapshotHeaderRecord: Message {
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var version: Int16 = 0
    package var lastContainedLogTimestamp: Int64 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("version", &version)
        try c.int64("lastContainedLogTimestamp", &lastContainedLogTimestamp)
        try c.tags()
    }
}

/// The control record that ends a metadata snapshot.
package struct SnapshotFooterRecord: Message {
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var version: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("version", &version)
        try c.tags()
    }
}

/// The control record with the level of the quorum protocol.
package struct KRaftVersionRecord: Message {
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var version: Int16 = 0
    package var kRaftVersion: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("version", &version)
        try c.int16("kRaftVersion", &kRaftVersion)
        try c.tags()
    }
}

/// The control record with the voters of the quorum (KIP-853).
package struct VotersRecord: Message {
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var version: Int16 = 0
    package var voters: [Voter] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("version", &version)
        try c.array("voters", &voters)
        try c.tags()
    }

    /// An element of `voters`.
    package struct Voter: Structure {
        package var voterID: Int32 = 0
        package var voterDirectoryID = UUID.zero
        package var endpoints: [Endpoint] = []
        package var kRaftVersionFeature = KRaftVersionFeature()

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("voterId", &voterID)
            try c.uuid("voterDirectoryId", &voterDirectoryID)
            try c.array("endpoints", &endpoints)
            try c.structure("kRaftVersionFeature", &kRaftVersionFeature)
            try c.tags()
        }
    }

    /// An element of `endpoints`.
    package struct Endpoint: Structure {
        package var name: Name = ""
        package var host = ""
        package var port: UInt16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.string("host", &host)
            try c.uint16("port", &port)
            try c.tags()
        }
    }

    /// The value of `kRaftVersionFeature`.
    package struct KRaftVersionFeature: Structure {
        package var minSupportedVersion: Int16 = 0
        package var maxSupportedVersion: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("minSupportedVersion", &minSupportedVersion)
            try c.int16("maxSupportedVersion", &maxSupportedVersion)
            try c.tags()
        }
    }
}
