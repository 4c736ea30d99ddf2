// DescribeQuorum (key 55, v0–2, flexible): the state of the metadata quorum.
// Request: v1 same fields (KIP-836) · v2 same fields (KIP-853).
// Reply: v1 lastFetchTimestamp, lastCaughtUpTimestamp (KIP-836) · v2 errorMessage, nodes,
// replicaDirectoryId (KIP-853).
package import Base

/// The body of a DescribeQuorum request; answered by `DescribeQuorumResponse`.
package struct DescribeQuorumRequest: RequestMessage {
    package typealias Reply = DescribeQuorumResponse
    package static let key = APIKey.describeQuorum
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var topics: [TopicData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicData: Structure {
        package var topicName: Name = ""
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeQuorumRequest`.
package struct DescribeQuorumResponse: ReplyMessage {
    package static let key = APIKey.describeQuorum
    package static let versions = MessageVersions(0...2, flexibleFrom: 0)

    package var errorCode: Int16 = 0
    package var errorMessage: String? = ""
    package var topics: [TopicData] = []
    package var nodes: [Node] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("errorCode", &errorCode)
        if c.version >= 2 { try c.nullableString("errorMessage", &errorMessage) }
        try c.array("topics", &topics)
        if c.version >= 2 { try c.array("nodes", &nodes) }
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicData: Structure {
        package var topicName: Name = ""
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String? = ""
        package var leaderID: Int32 = 0
        package var leaderEpoch: Int32 = 0
        package var highWatermark: Int64 = 0
        package var currentVoters: [ReplicaState] = []
        package var observers: [ReplicaState] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            if c.version >= 2 { try c.nullableString("errorMessage", &errorMessage) }
            try c.int32("leaderId", &leaderID)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.int64("highWatermark", &highWatermark)
            try c.array("currentVoters", &currentVoters)
            try c.array("observers", &observers)
            try c.tags()
        }
    }

    /// An element of `currentVoters` and `observers`.
    package struct ReplicaState: Structure {
        package var replicaID: Int32 = 0
        package var replicaDirectoryID = UUID.zero
        package var logEndOffset: Int64 = 0
        package var lastFetchTimestamp: Int64 = -1
        package var lastCaughtUpTimestamp: Int64 = -1

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("replicaId", &replicaID)
            if c.version >= 2 { try c.uuid("replicaDirectoryId", &replicaDirectoryID) }
            try c.int64("logEndOffset", &logEndOffset)
            if c.version >= 1 {
                try c.int64("lastFetchTimestamp", &lastFetchTimestamp)
                try c.int64("lastCaughtUpTimestamp", &lastCaughtUpTimestamp)
            }
            try c.tags()
        }
    }

    /// An element of `nodes`.
    package struct Node: Structure {
        package var nodeID: Int32 = 0
        package var listeners: [Listener] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("nodeId", &nodeID)
            try c.array("listeners", &listeners)
            try c.tags()
        }
    }

    /// An element of `listeners`.
    package struct Listener: Structure {
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
}
