// The state of share partitions (KIP-932) in `__share_group_state`.
package import Base

/// Which share partition a snapshot is about.
package struct ShareSnapshotKey: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var topicID = UUID.zero
    package var partition: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.uuid("topicId", &topicID)
        try c.int32("partition", &partition)
    }
}

/// The whole state of a share partition.
package struct ShareSnapshotValue: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var snapshotEpoch: Int32 = 0
    package var stateEpoch: Int32 = 0
    package var leaderEpoch: Int32 = 0
    package var startOffset: Int64 = 0
    package var deliveryCompleteCount: Int32 = -1
    package var createTimestamp: Int64 = 0
    package var writeTimestamp: Int64 = 0
    package var stateBatches: [StateBatch] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("snapshotEpoch", &snapshotEpoch)
        try c.int32("stateEpoch", &stateEpoch)
        try c.int32("leaderEpoch", &leaderEpoch)
        try c.int64("startOffset", &startOffset)
        try c.int64("createTimestamp", &createTimestamp)
        try c.int64("writeTimestamp", &writeTimestamp)
        try c.array("stateBatches", &stateBatches)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: deliveryCompleteCount != -1) {
            try c.int32("deliveryCompleteCount", &deliveryCompleteCount)
        }
        try c.endTags(&tags)
    }

    /// An element of `stateBatches`.
    package struct StateBatch: Structure {
        package var firstOffset: Int64 = 0
        package var lastOffset: Int64 = 0
        package var deliveryState: Int8 = 0
        package var deliveryCount: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("firstOffset", &firstOffset)
            try c.int64("lastOffset", &lastOffset)
            try c.int8("deliveryState", &deliveryState)
            try c.int16("deliveryCount", &deliveryCount)
            try c.tags()
        }
    }
}

/// Which share partition an update is about.
package struct ShareUpdateKey: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...0)

    package var groupID: Name = ""
    package var topicID = UUID.zero
    package var partition: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("groupId", &groupID)
        try c.uuid("topicId", &topicID)
        try c.int32("partition", &partition)
    }
}

/// What changed in a share partition since its snapshot.
package struct ShareUpdateValue: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var snapshotEpoch: Int32 = 0
    package var leaderEpoch: Int32 = 0
    package var startOffset: Int64 = 0
    package var deliveryCompleteCount: Int32 = -1
    package var stateBatches: [StateBatch] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("snapshotEpoch", &snapshotEpoch)
        try c.int32("leaderEpoch", &leaderEpoch)
        try c.int64("startOffset", &startOffset)
        try c.array("stateBatches", &stateBatches)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: deliveryCompleteCount != -1) {
            try c.int32("deliveryCompleteCount", &deliveryCompleteCount)
        }
        try c.endTags(&tags)
    }

    /// An element of `stateBatches`.
    package struct StateBatch: Structure {
        package var firstOffset: Int64 = 0
        package var lastOffset: Int64 = 0
        package var deliveryState: Int8 = 0
        package var deliveryCount: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("firstOffset", &firstOffset)
            try c.int64("lastOffset", &lastOffset)
            try c.int8("deliveryState", &deliveryState)
            try c.int16("deliveryCount", &deliveryCount)
            try c.tags()
        }
    }
}
