// Remote segments (KIP-405) in `__remote_log_metadata`.
package import Base

/// A segment was copied to remote storage (KIP-405).
package struct RemoteLogSegmentMetadataRecord: RecordMessage {
    package static let recordType: Int16 = 0
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var remoteLogSegmentID = RemoteLogSegmentIdEntry()
    package var startOffset: Int64 = 0
    package var endOffset: Int64 = 0
    package var brokerID: Int32 = 0
    package var maxTimestampMs: Int64 = 0
    package var eventTimestampMs: Int64 = 0
    package var segmentLeaderEpochs: [SegmentLeaderEpochEntry] = []
    package var segmentSizeInBytes: Int32 = 0
    package var customMetadata: [UInt8]?
    package var remoteLogSegmentState: Int8 = 0
    package var txnIndexEmpty = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.structure("remoteLogSegmentId", &remoteLogSegmentID)
        try c.int64("startOffset", &startOffset)
        try c.int64("endOffset", &endOffset)
        try c.int32("brokerId", &brokerID)
        try c.int64("maxTimestampMs", &maxTimestampMs)
        try c.int64("eventTimestampMs", &eventTimestampMs)
        try c.array("segmentLeaderEpochs", &segmentLeaderEpochs)
        try c.int32("segmentSizeInBytes", &segmentSizeInBytes)
        try c.nullableBytes("customMetadata", &customMetadata)
        try c.int8("remoteLogSegmentState", &remoteLogSegmentState)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: txnIndexEmpty) { try c.bool("txnIndexEmpty", &txnIndexEmpty) }
        try c.endTags(&tags)
    }

    /// The value of `remoteLogSegmentID`.
    package struct RemoteLogSegmentIdEntry: Structure {
        package var topicIDPartition = TopicIdPartitionEntry()
        package var id = UUID.zero

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.structure("topicIdPartition", &topicIDPartition)
            try c.uuid("id", &id)
            try c.tags()
        }
    }

    /// The value of `topicIDPartition`.
    package struct TopicIdPartitionEntry: Structure {
        package var name: Name = ""
        package var id = UUID.zero
        package var partition: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.uuid("id", &id)
            try c.int32("partition", &partition)
            try c.tags()
        }
    }

    /// An element of `segmentLeaderEpochs`.
    package struct SegmentLeaderEpochEntry: Structure {
        package var leaderEpoch: Int32 = 0
        package var offset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.int64("offset", &offset)
            try c.tags()
        }
    }
}

/// The state of a remote segment changed (KIP-405).
package struct RemoteLogSegmentMetadataUpdateRecord: RecordMessage {
    package static let recordType: Int16 = 1
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var remoteLogSegmentID = RemoteLogSegmentIdEntry()
    package var brokerID: Int32 = 0
    package var eventTimestampMs: Int64 = 0
    package var customMetadata: [UInt8]?
    package var remoteLogSegmentState: Int8 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.structure("remoteLogSegmentId", &remoteLogSegmentID)
        try c.int32("brokerId", &brokerID)
        try c.int64("eventTimestampMs", &eventTimestampMs)
        try c.nullableBytes("customMetadata", &customMetadata)
        try c.int8("remoteLogSegmentState", &remoteLogSegmentState)
        try c.tags()
    }

    /// The value of `remoteLogSegmentID`.
    package struct RemoteLogSegmentIdEntry: Structure {
        package var topicIDPartition = TopicIdPartitionEntry()
        package var id = UUID.zero

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.structure("topicIdPartition", &topicIDPartition)
            try c.uuid("id", &id)
            try c.tags()
        }
    }

    /// The value of `topicIDPartition`.
    package struct TopicIdPartitionEntry: Structure {
        package var name: Name = ""
        package var id = UUID.zero
        package var partition: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.uuid("id", &id)
            try c.int32("partition", &partition)
            try c.tags()
        }
    }
}

/// A remote segment as a snapshot holds it (KIP-405).
package struct RemoteLogSegmentMetadataSnapshotRecord: RecordMessage {
    package static let recordType: Int16 = 3
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var segmentID = UUID.zero
    package var startOffset: Int64 = 0
    package var endOffset: Int64 = 0
    package var brokerID: Int32 = 0
    package var maxTimestampMs: Int64 = 0
    package var eventTimestampMs: Int64 = 0
    package var segmentLeaderEpochs: [SegmentLeaderEpochEntry] = []
    package var segmentSizeInBytes: Int32 = 0
    package var customMetadata: [UInt8]?
    package var remoteLogSegmentState: Int8 = 0
    package var txnIndexEmpty = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("segmentId", &segmentID)
        try c.int64("startOffset", &startOffset)
        try c.int64("endOffset", &endOffset)
        try c.int32("brokerId", &brokerID)
        try c.int64("maxTimestampMs", &maxTimestampMs)
        try c.int64("eventTimestampMs", &eventTimestampMs)
        try c.array("segmentLeaderEpochs", &segmentLeaderEpochs)
        try c.int32("segmentSizeInBytes", &segmentSizeInBytes)
        try c.nullableBytes("customMetadata", &customMetadata)
        try c.int8("remoteLogSegmentState", &remoteLogSegmentState)
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: txnIndexEmpty) { try c.bool("txnIndexEmpty", &txnIndexEmpty) }
        try c.endTags(&tags)
    }

    /// An element of `segmentLeaderEpochs`.
    package struct SegmentLeaderEpochEntry: Structure {
        package var leaderEpoch: Int32 = 0
        package var offset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.int64("offset", &offset)
            try c.tags()
        }
    }
}

/// A partition is being deleted from remote storage (KIP-405).
package struct RemotePartitionDeleteMetadataRecord: RecordMessage {
    package static let recordType: Int16 = 2
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topicIDPartition = TopicIdPartitionEntry()
    package var brokerID: Int32 = 0
    package var eventTimestampMs: Int64 = 0
    package var remotePartitionDeleteState: Int8 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.structure("topicIdPartition", &topicIDPartition)
        try c.int32("brokerId", &brokerID)
        try c.int64("eventTimestampMs", &eventTimestampMs)
        try c.int8("remotePartitionDeleteState", &remotePartitionDeleteState)
        try c.tags()
    }

    /// The value of `topicIDPartition`.
    package struct TopicIdPartitionEntry: Structure {
        package var name: Name = ""
        package var id = UUID.zero
        package var partition: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.uuid("id", &id)
            try c.int32("partition", &partition)
            try c.tags()
        }
    }
}
