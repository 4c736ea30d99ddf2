// Produce (key 0, v0–13): appends record batches to partitions.
// Request: v3 transactionalId · v7 same fields (KIP-110) · v8 same fields (KIP-467) · v9 flexible · v10
// same fields (KIP-951) · v11 same fields (KIP-890) · v12 same fields (KIP-890) · v13 topicId, without name
// (KIP-516).
// Reply: v1 throttleTimeMs · v2 logAppendTimeMs · v5 logStartOffset · v8 recordErrors, errorMessage
// (KIP-467) · v9 flexible · v10 currentLeader, nodeEndpoints (KIP-951) · v11 same fields (KIP-890) · v12
// same fields (KIP-890) · v13 topicId, without name (KIP-516).
package import Base

/// The body of a Produce request; answered by `ProduceResponse`.
package struct ProduceRequest: RequestMessage {
    package typealias Reply = ProduceResponse
    package static let key = APIKey.produce
    package static let versions = MessageVersions(0...13, flexibleFrom: 9)

    /// Since v3: null for a producer without transactions.
    package var transactionalID: Name?
    /// Who must have the records before the reply: 0 nobody, and there is no reply; 1 the leader; -1 all
    /// in-sync replicas.
    package var acks: Int16 = 0
    /// How long to wait for replicas.
    package var timeoutMs: Int32 = 0
    package var topicData: [TopicProduceData] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 { try c.nullableString("transactionalId", &transactionalID) }
        try c.int16("acks", &acks)
        try c.int32("timeoutMs", &timeoutMs)
        try c.array("topicData", &topicData)
        try c.tags()
    }

    /// An element of `topicData`.
    package struct TopicProduceData: Structure {
        package var name: Name = ""
        /// Since v13, instead of the name.
        package var topicID = UUID.zero
        package var partitionData: [PartitionProduceData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 12 { try c.string("name", &name) }
            if c.version >= 13 { try c.uuid("topicId", &topicID) }
            try c.array("partitionData", &partitionData)
            try c.tags()
        }
    }

    /// An element of `partitionData`.
    package struct PartitionProduceData: Structure {
        package var index: Int32 = 0
        /// One batch of format v2; before v3 a set of messages of older formats.
        package var records = RecordsField.null

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("index", &index)
            try c.records("records", &records)
            try c.tags()
        }
    }
}

/// The body of the reply to `ProduceRequest`.
package struct ProduceResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.produce
    package static let versions = MessageVersions(0...13, flexibleFrom: 9)

    package var responses: [TopicProduceResponse] = []
    package var throttleTimeMs: Int32 = 0
    /// Since v10: where the leaders are that `currentLeader` names.
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.array("responses", &responses)
        if c.version >= 1 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        var tags = try c.beginTags()
        if c.version >= 10, try c.tag(0, &tags, when: !nodeEndpoints.isEmpty) {
            try c.array("nodeEndpoints", &nodeEndpoints)
        }
        try c.endTags(&tags)
    }

    /// An element of `responses`.
    package struct TopicProduceResponse: Structure {
        package var name: Name = ""
        package var topicID = UUID.zero
        package var partitionResponses: [PartitionProduceResponse] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version <= 12 { try c.string("name", &name) }
            if c.version >= 13 { try c.uuid("topicId", &topicID) }
            try c.array("partitionResponses", &partitionResponses)
            try c.tags()
        }
    }

    /// An element of `partitionResponses`.
    package struct PartitionProduceResponse: Structure {
        package var index: Int32 = 0
        package var errorCode: Int16 = 0
        /// The offset that the first record got; -1 with an error.
        package var baseOffset: Int64 = 0
        /// Since v2: when the broker stamped the batch; -1 where records keep the times of their producer.
        package var logAppendTimeMs: Int64 = -1
        /// Since v5; -1 where it is not known.
        package var logStartOffset: Int64 = -1
        /// Since v8: the records for which the batch was refused (KIP-467).
        package var recordErrors: [BatchIndexAndErrorMessage] = []
        package var errorMessage: String?
        /// Since v10: who leads now, where the sender was wrong about it (KIP-951).
        package var currentLeader = LeaderIdAndEpoch()

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("index", &index)
            try c.int16("errorCode", &errorCode)
            try c.int64("baseOffset", &baseOffset)
            if c.version >= 2 { try c.int64("logAppendTimeMs", &logAppendTimeMs) }
            if c.version >= 5 { try c.int64("logStartOffset", &logStartOffset) }
            if c.version >= 8 {
                try c.array("recordErrors", &recordErrors)
                try c.nullableString("errorMessage", &errorMessage)
            }
            var tags = try c.beginTags()
            if c.version >= 10, try c.tag(0, &tags, when: currentLeader != LeaderIdAndEpoch()) {
                try c.structure("currentLeader", &currentLeader)
            }
            try c.endTags(&tags)
        }
    }

    /// An element of `recordErrors`.
    package struct BatchIndexAndErrorMessage: Structure {
        /// The place of the record in its batch, from 0.
        package var batchIndex: Int32 = 0
        package var batchIndexErrorMessage: String?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("batchIndex", &batchIndex)
            try c.nullableString("batchIndexErrorMessage", &batchIndexErrorMessage)
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
