// DescribeTopicPartitions (key 75, v0, flexible): topics and partitions page by page (KIP-966).
package import Base

/// The body of a DescribeTopicPartitions request; answered by `DescribeTopicPartitionsResponse`.
package struct DescribeTopicPartitionsRequest: RequestMessage {
    package typealias Reply = DescribeTopicPartitionsResponse
    package static let key = APIKey.describeTopicPartitions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var topics: [TopicRequest] = []
    package var responsePartitionLimit: Int32 = 2000
    package var cursor: Cursor?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("topics", &topics)
        try c.int32("responsePartitionLimit", &responsePartitionLimit)
        try c.nullableStructure("cursor", &cursor)
        try c.tags()
    }

    /// An element of `topics`.
    package struct TopicRequest: Structure {
        package var name: Name = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("name", &name)
            try c.tags()
        }
    }

    /// The value of `cursor`.
    package struct Cursor: Structure {
        package var topicName: Name = ""
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.int32("partitionIndex", &partitionIndex)
            try c.tags()
        }
    }
}

/// The body of the reply to `DescribeTopicPartitionsRequest`.
package struct DescribeTopicPartitionsResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.describeTopicPartitions
    package static let versions = MessageVersions(0...0, flexibleFrom: 0)

    package var throttleTimeMs: Int32 = 0
    package var topics: [DescribeTopicPartitionsResponseTopic] = []
    package var nextCursor: Cursor?

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.array("topics", &topics)
        try c.nullableStructure("nextCursor", &nextCursor)
        try c.tags()
    }

    /// An element of `topics`.
    package struct DescribeTopicPartitionsResponseTopic: Structure {
        package var errorCode: Int16 = 0
        package var name: Name? = ""
        package var topicID = UUID.zero
        package var isInternal = false
        package var partitions: [DescribeTopicPartitionsResponsePartition] = []
        package var topicAuthorizedOperations: Int32 = .min

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("name", &name)
            try c.uuid("topicId", &topicID)
            try c.bool("isInternal", &isInternal)
            try c.array("partitions", &partitions)
            try c.int32("topicAuthorizedOperations", &topicAuthorizedOperations)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct DescribeTopicPartitionsResponsePartition: Structure {
        package var errorCode: Int16 = 0
        package var partitionIndex: Int32 = 0
        package var leaderID: Int32 = 0
        package var leaderEpoch: Int32 = -1
        package var replicaNodes: [Int32] = []
        package var isrNodes: [Int32] = []
        package var eligibleLeaderReplicas: [Int32]?
        package var lastKnownElr: [Int32]?
        package var offlineReplicas: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.int32("partitionIndex", &partitionIndex)
            try c.int32("leaderId", &leaderID)
            try c.int32("leaderEpoch", &leaderEpoch)
            try c.array("replicaNodes", &replicaNodes)
            try c.array("isrNodes", &isrNodes)
            try c.nullableArray("eligibleLeaderReplicas", &eligibleLeaderReplicas)
            try c.nullableArray("lastKnownElr", &lastKnownElr)
            try c.array("offlineReplicas", &offlineReplicas)
            try c.tags()
        }
    }

    /// The value of `nextCursor`.
    package struct Cursor: Structure {
        package var topicName: Name = ""
        package var partitionIndex: Int32 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.string("topicName", &topicName)
            try c.int32("partitionIndex", &partitionIndex)
            try c.tags()
        }
    }
}
