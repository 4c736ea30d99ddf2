// ListOffsets (key 2, v0–11): the offset that belongs to a timestamp, or the first, the last, the largest
// in time.
// Request: v1 without maxNumOffsets · v2 isolationLevel · v4 currentLeaderEpoch · v6 flexible · v7 same
// fields (KIP-734) · v8 same fields (KIP-405) · v9 same fields (KIP-1005) · v10 timeoutMs (KIP-1075) · v11
// same fields (KIP-1023).
// Reply: v1 timestamp, offset, without oldStyleOffsets · v2 throttleTimeMs · v4 leaderEpoch · v6 flexible ·
// v7 same fields (KIP-734) · v8 same fields (KIP-405) · v9 same fields (KIP-1005) · v10 same fields
// (KIP-1075) · v11 same fields (KIP-1023).
package import Base

/// The body of a ListOffsets request; answered by `ListOffsetsResponse`.
package struct ListOffsetsRequest: RequestMessage {
    package typealias Reply = ListOffsetsResponse
    package static let key = APIKey.listOffsets
    package static let versions = MessageVersions(0...11, flexibleFrom: 6)

    /// -1 for a consumer; replicas see beyond the high watermark.
    package var replicaID: Int32 = 0
    /// Since v2: with 1 the latest offset is the last stable one.
    package var isolationLevel: Int8 = 0
    package var topics: [ListOffsetsTopic] = []
    /// Since v10: how long to wait for remote storage (KIP-1075).
    package var timeoutMs: Int32 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("replicaId", &replicaID)
        if c.version >= 2 { try c.int8("isolationLevel", &isolationLevel) }
        try c.array("topics", &topics)
        if c.version >= 10 { try c.int32("timeoutMs", &timeoutMs) }
        try c.tags()
    }

    /// An element of `topics`.
    package struct ListOffsetsTopic: Structure {
        package var name: Name = ""
        package var partitions: [ListOffsetsPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct ListOffsetsPartition: Structure {
        package var partitionIndex: Int32 = 0
        /// Since v4: the epoch of the leader as the reader knows it; -1 is not compared (KIP-320).
        package var currentLeaderEpoch: Int32 = -1
        /// A time in milliseconds, or -1 latest, -2 earliest; since v7 -3 the largest timestamp, since v8 -4
        /// earliest local, since v9 -5 latest tiered, since v11 -6 earliest that is to be uploaded.
        package var timestamp: Int64 = 0
        /// v0 only: how many offsets to tell at most.
        package var maxNumOffsets: Int32 = 1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            if c.version >= 4 { try c.int32("currentLeaderEpoch", &currentLeaderEpoch) }
            try c.int64("timestamp", &timestamp)
            if c.version <= 0 { try c.int32("maxNumOffsets", &maxNumOffsets) }
            try c.tags()
        }
    }
}

/// The body of the reply to `ListOffsetsRequest`.
package struct ListOffsetsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.listOffsets
    package static let versions = MessageVersions(0...11, flexibleFrom: 6)

    package var throttleTimeMs: Int32 = 0
    package var topics: [ListOffsetsTopicResponse] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 2 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct ListOffsetsTopicResponse: Structure {
        package var name: Name = ""
        package var partitions: [ListOffsetsPartitionResponse] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct ListOffsetsPartitionResponse: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        /// v0 only: the base offsets of segments, newest first.
        package var oldStyleOffsets: [Int64] = []
        /// Since v1: the time of the record that was found; -1 where none was looked for.
        package var timestamp: Int64 = -1
        package var offset: Int64 = -1
        package var leaderEpoch: Int32 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            if c.version <= 0 { try c.array("oldStyleOffsets", &oldStyleOffsets) }
            if c.version >= 1 {
                try c.int64("timestamp", &timestamp)
                try c.int64("offset", &offset)
            }
            if c.version >= 4 { try c.int32("leaderEpoch", &leaderEpoch) }
            try c.tags()
        }
    }
}
