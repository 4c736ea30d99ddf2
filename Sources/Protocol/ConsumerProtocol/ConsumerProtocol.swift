// What members of a classic consumer group tell each other through the coordinator, as opaque bytes in
// JoinGroup and SyncGroup; two bytes of version stand before each.
// ConsumerProtocolSubscription: v1 ownedPartitions · v2 generationId · v3 rackId.
package import Base

/// What a classic consumer tells its group: topics, what it owns, where it is.
package struct ConsumerProtocolSubscription: Message {
    package static let versions = MessageVersions(0...3)

    package var topics: [Name] = []
    package var userData: [UInt8]?
    package var ownedPartitions: [TopicPartition] = []
    package var generationID: Int32 = -1
    package var rackID: Name?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.nullableBytes("userData", &userData)
        if c.version >= 1 { try c.array("ownedPartitions", &ownedPartitions) }
        if c.version >= 2 { try c.int32("generationId", &generationID) }
        if c.version >= 3 { try c.nullableString("rackId", &rackID) }
    }

    /// An element of `ownedPartitions`.
    package struct TopicPartition: Structure {
        package var topic: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
        }
    }
}

/// What a classic consumer is given by its leader.
package struct ConsumerProtocolAssignment: Message {
    package static let versions = MessageVersions(0...3)

    package var assignedPartitions: [TopicPartition] = []
    package var userData: [UInt8]?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("assignedPartitions", &assignedPartitions)
        try c.nullableBytes("userData", &userData)
    }

    /// An element of `assignedPartitions`.
    package struct TopicPartition: Structure {
        package var topic: Name = ""
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topic", &topic)
            try c.array("partitions", &partitions)
        }
    }
}
