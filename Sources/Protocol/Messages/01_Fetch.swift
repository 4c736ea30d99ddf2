// Fetch (key 1, v0–18): reads record batches from partitions, waiting for new ones if need be.
// Request: v3 maxBytes · v4 isolationLevel · v5 logStartOffset · v7 sessionId, sessionEpoch,
// forgottenTopicsData · v9 currentLeaderEpoch (KIP-320) · v10 same fields (KIP-110) · v11 rackId · v12
// flexible, clusterId, lastFetchedEpoch · v13 topicId, without topic (KIP-516) · v14 same fields (KIP-405)
// · v15 replicaState, without replicaId (KIP-903) · v16 same fields (KIP-951) · v17 replicaDirectoryId
// (KIP-853) · v18 highWatermark (KIP-1166).
// Reply: v1 throttleTimeMs · v4 lastStableOffset, abortedTransactions · v5 logStartOffset · v7 errorCode,
// sessionId · v10 same fields (KIP-110) · v11 preferredReadReplica · v12 flexible, divergingEpoch,
// currentLeader, snapshotId · v13 topicId, without topic (KIP-516) · v14 same fields (KIP-405) · v15 same
// fields (KIP-903) · v16 nodeEndpoints (KIP-951) · v17 same fields (KIP-853) · v18 same fields (KIP-1166).
package import Base

/// The body of a Fetch request; answered by `FetchResponse`.
package struct FetchRequest: RequestMessage {
    package typealias Reply = FetchResponse
    package static let key = APIKey.fetch
    package static let versions = MessageVersions(0...18, flexibleFrom: 12)

    /// Since v12: what a replica believes the cluster to be; null from consumers.
    package var clusterID: Name?
    /// Up to v14: the broker that copies the log; -1 for a consumer.
    package var replicaID: Int32 = -1
    /// Since v15, instead of `replicaID`, with the epoch of the broker (KIP-903).
    package var replicaState = ReplicaState()
    /// How long to wait until there are `minBytes`.
    package var maxWaitMs: Int32 = 0
    package var minBytes: Int32 = 0
    /// Since v3: the most for the whole reply; the first batch comes whole even if it is larger (KIP-74).
    package var maxBytes: Int32 = .max
    /// Since v4: 0 reads uncommitted records too, 1 only up to the last stable offset (KIP-98).
    package var isolationLevel: Int8 = 0
    /// Since v7: the session that the request goes on with; 0 begins one, or none is wanted (KIP-227).
    package var sessionID: Int32 = 0
    /// Since v7: the number of the request within its session; 0 begins one, -1 ends it or wants none.
    package var sessionEpoch: Int32 = -1
    package var topics: [FetchTopic] = []
    /// Since v7: partitions that leave the session.
    package var forgottenTopicsData: [ForgottenTopic] = []
    /// Since v11: the consumer's rack, so that a replica near it may be preferred (KIP-392).
    package var rackID: Name = ""

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version <= 14 { try c.int32("replicaId", &replicaID) }
        try c.int32("maxWaitMs", &maxWaitMs)
        try c.int32("minBytes", &minBytes)
        if c.version >= 3 { try c.int32("maxBytes", &maxBytes) }
        if c.version >= 4 { try c.int8("isolationLevel", &isolationLevel) }
        if c.version >= 7 {
            try c.int32("sessionId", &sessionID)
            try c.int32("sessionEpoch", &sessionEpoch)
        }
        try c.array("topics", &topics)
        if c.version >= 7 { try c.array("forgottenTopicsData", &forgottenTopicsData) }
        if c.version >= 11 { try c.string("rackId", &rackID) }
        var tags = try c.beginTags()
        if try c.tag(0, &tags, when: clusterID != nil) { try c.nullableString("clusterId", &clusterID) }
        if c.version >= 15, try c.tag(1, &tags, when: replicaState != ReplicaState()) {
            try c.structure("replicaState", &replicaState)
        }
        try c.endTags(&tags)
    }

    /// The value of `replicaState`.
    package struct ReplicaState: Structure {
        package var replicaID: Int32 = -1
        package var replicaEpoch: Int64 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("replicaId", &replicaID)
            try c.int64("replicaEpoch", &replicaEpoch)
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct FetchTopic: Structure {
        package var topic: Name = ""
        package var topicID = UUID.zero
        package var partitions: [FetchPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 12 { try c.string("topic", &topic) }
            if c.version >= 13 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct FetchPartition: Structure {
        package var partition: Int32 = 0
        /// Since v9: the epoch of the leader as the reader knows it; -1 is not compared (KIP-320).
        package var currentLeaderEpoch: Int32 = -1
        package var fetchOffset: Int64 = 0
        /// Since v12: the epoch of the last record that the reader has, which tells of a truncation; -1 for
        /// none.
        package var lastFetchedEpoch: Int32 = -1
        /// Since v5: where the replica's log begins; -1 from consumers.
        package var logStartOffset: Int64 = -1
        package var partitionMaxBytes: Int32 = 0
        /// Since v17: the directory of the replica's log (KIP-853).
        package var replicaDirectoryID = UUID.zero
        /// Since v18: the high watermark as the replica knows it (KIP-1166).
        package var highWatermark: Int64 = .max

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partition", &partition)
            if c.version >= 9 { try c.int32("currentLeaderEpoch", &currentLeaderEpoch) }
            try c.int64("fetchOffset", &fetchOffset)
            if c.version >= 12 { try c.int32("lastFetchedEpoch", &lastFetchedEpoch) }
            if c.version >= 5 { try c.int64("logStartOffset", &logStartOffset) }
            try c.int32("partitionMaxBytes", &partitionMaxBytes)
            var tags = try c.beginTags()
            if c.version >= 17, try c.tag(0, &tags, when: replicaDirectoryID != .zero) {
                try c.uuid("replicaDirectoryId", &replicaDirectoryID)
            }
            if c.version >= 18, try c.tag(1, &tags, when: highWatermark != Int64.max) {
                try c.int64("highWatermark", &highWatermark)
            }
            try c.endTags(&tags)
        }
    }

    /// An element of `forgottenTopicsData`.
    package struct ForgottenTopic: Structure {
        package var topic: Name = ""
        package var topicID = UUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 12 { try c.string("topic", &topic) }
            if c.version >= 13 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `FetchRequest`.
package struct FetchResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.fetch
    package static let versions = MessageVersions(0...18, flexibleFrom: 12)

    package var throttleTimeMs: Int32 = 0
    /// Since v7: an error of the session; no partition is answered then.
    package var errorCode: Int16 = 0
    package var sessionID: Int32 = 0
    package var responses: [FetchableTopicResponse] = []
    /// Since v16: where the leaders are that `currentLeader` names (KIP-951).
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        if c.version >= 7 {
            try c.int16("errorCode", &errorCode)
            try c.int32("sessionId", &sessionID)
        }
        try c.array("responses", &responses)
        var tags = try c.beginTags()
        if c.version >= 16, try c.tag(0, &tags, when: !nodeEndpoints.isEmpty) {
            try c.array("nodeEndpoints", &nodeEndpoints)
        }
        try c.endTags(&tags)
    }

    /// An element of `responses`.
    package struct FetchableTopicResponse: Structure {
        package var topic: Name = ""
        package var topicID = UUID.zero
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 12 { try c.string("topic", &topic) }
            if c.version >= 13 { try c.uuid("topicId", &topicID) }
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        /// The end of what every replica has: nothing behind it is given out.
        package var highWatermark: Int64 = 0
        /// Since v4: below it every transaction has ended.
        package var lastStableOffset: Int64 = -1
        package var logStartOffset: Int64 = -1
        /// Since v12: where the reader's log parted from ours; it has to truncate to it.
        package var divergingEpoch = EpochEndOffset()
        package var currentLeader = LeaderIdAndEpoch()
        /// Since v12: the snapshot to fetch instead, of the metadata log alone.
        package var snapshotID = SnapshotId()
        /// Since v4: transactions of which records in the reply are to be passed over; null unless the reader
        /// wants committed records only.
        package var abortedTransactions: [AbortedTransaction]? = []
        /// Since v11: the broker to read from instead; -1 for this one.
        package var preferredReadReplica: Int32 = -1
        package var records = RecordsField.null

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.int64("highWatermark", &highWatermark)
            if c.version >= 4 { try c.int64("lastStableOffset", &lastStableOffset) }
            if c.version >= 5 { try c.int64("logStartOffset", &logStartOffset) }
            if c.version >= 4 { try c.nullableArray("abortedTransactions", &abortedTransactions) }
            if c.version >= 11 { try c.int32("preferredReadReplica", &preferredReadReplica) }
            try c.records("records", &records)
            var tags = try c.beginTags()
            if try c.tag(0, &tags, when: divergingEpoch != EpochEndOffset()) {
                try c.structure("divergingEpoch", &divergingEpoch)
            }
            if try c.tag(1, &tags, when: currentLeader != LeaderIdAndEpoch()) {
                try c.structure("currentLeader", &currentLeader)
            }
            if try c.tag(2, &tags, when: snapshotID != SnapshotId()) {
                try c.structure("snapshotId", &snapshotID)
            }
            try c.endTags(&tags)
        }
    }

    /// The value of `divergingEpoch`.
    package struct EpochEndOffset: Structure {
        package var epoch: Int32 = -1
        package var endOffset: Int64 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("epoch", &epoch)
            try c.int64("endOffset", &endOffset)
            try c.tags()
        }
    }

    /// The value of `currentLeader`.
    package struct LeaderIdAndEpoch: Structure {
        package var leaderID: Int32 = -1
        package var leaderEpoch: Int32 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("leaderId", &leaderID)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.tags()
        }
    }

    /// The value of `snapshotID`.
    package struct SnapshotId: Structure {
        package var endOffset: Int64 = -1
        package var epoch: Int32 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("endOffset", &endOffset)
            try c.int32("epoch", &epoch)
            try c.tags()
        }
    }

    /// An element of `abortedTransactions`.
    package struct AbortedTransaction: Structure {
        package var producerID: Int64 = 0
        package var firstOffset: Int64 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("producerId", &producerID)
            try c.int64("firstOffset", &firstOffset)
            try c.tags()
        }
    }

    /// An element of `nodeEndpoints`.
    package struct NodeEndpoint: Structure {
        package var nodeID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var rack: Name?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("nodeId", &nodeID)
            try c.string("host", &host)
            try c.int32("port", &port)
            try c.nullableString("rack", &rack)
            try c.tags()
        }
    }
}
