// Structures that Kafka keeps in files of their own or hands from broker to broker.
// QuorumStateData: v1 votedDirectoryId, without clusterId, appliedOffset, currentVoters.
package import Base

/// The file `quorum-state` (as JSON there): what a voter must not forget.
package struct QuorumStateData: Message {
    package static let versions = MessageVersions(0...1, flexibleFrom: 0)

    package var clusterID: Name = ""
    package var leaderID: Int32 = -1
    package var leaderEpoch: Int32 = -1
    package var votedID: Int32 = -1
    package var votedDirectoryID = UUID.zero
    package var appliedOffset: Int64 = 0
    package var currentVoters: [Voter]? = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version <= 0 { try c.string("clusterId", &clusterID) }
        try c.int32("leaderId", &leaderID)
        try c.int32("leaderEpoch", &leaderEpoch)
        try c.int32("votedId", &votedID)
        if c.version >= 1 { try c.uuid("votedDirectoryId", &votedDirectoryID) }
        if c.version <= 0 {
            try c.int64("appliedOffset", &appliedOffset)
            try c.nullableArray("currentVoters", &currentVoters)
        }
        try c.tags()
    }

    /// An element of `currentVoters`.
    package struct Voter: Structure {
        package var voterID: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("voterId", &voterID)
            try c.tags()
        }
    }
}

/// The body of a `.snapshot` file: the producers of a partition.
package struct ProducerSnapshot: Message {
    package static let versions = MessageVersions(1...1)

    package var crc: UInt32 = 0
    package var producerEntries: [ProducerEntry] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uint32("crc", &crc)
        try c.array("producerEntries", &producerEntries)
    }

    /// An element of `producerEntries`.
    package struct ProducerEntry: Structure {
        package var producerID: Int64 = 0
        package var epoch: Int16 = 0
        package var lastSequence: Int32 = 0
        package var lastOffset: Int64 = 0
        package var offsetDelta: Int32 = 0
        package var timestamp: Int64 = 0
        package var coordinatorEpoch: Int32 = 0
        package var currentTxnFirstOffset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("producerId", &producerID)
            try c.int16("epoch", &epoch)
            try c.int32("lastSequence", &lastSequence)
            try c.int64("lastOffset", &lastOffset)
            try c.int32("offsetDelta", &offsetDelta)
            try c.int64("timestamp", &timestamp)
            try c.int32("coordinatorEpoch", &coordinatorEpoch)
            try c.int64("currentTxnFirstOffset", &currentTxnFirstOffset)
        }
    }
}

/// A principal as brokers hand it to each other.
package struct DefaultPrincipalData: Message {
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var type: Name = ""
    package var name: Name = ""
    package var tokenAuthenticated = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("type", &type)
        try c.string("name", &name)
        try c.bool("tokenAuthenticated", &tokenAuthenticated)
        try c.tags()
    }
}
