// ShareAcknowledge (key 79, v1–2, flexible): acknowledges records of a share group (KIP-932).
// Request: v2 isRenewAck (KIP-1222).
// Reply: v2 acquisitionLockTimeoutMs (KIP-1222).
package import Base

/// The body of a ShareAcknowledge request; answered by `ShareAcknowledgeResponse`.
package struct ShareAcknowledgeRequest: RequestMessage {
    package typealias Reply = ShareAcknowledgeResponse
    package static let key = APIKey.shareAcknowledge
    package static let versions = MessageVersions(1...2, flexibleFrom: 1)

    package var groupID: Name?
    package var memberID: Name? = ""
    package var shareSessionEpoch: Int32 = 0
    package var isRenewAck = false
    package var topics: [AcknowledgeTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("groupId", &groupID)
        try c.nullableString("memberId", &memberID)
        try c.int32("shareSessionEpoch", &shareSessionEpoch)
        if c.version >= 2 { try c.bool("isRenewAck", &isRenewAck) }
        try c.array("topics", &topics)
        try c.tags()
    }

    /// An element of `topics`.
    package struct AcknowledgeTopic: Structure {
        package var topicID = UUID.zero
        package var partitions: [AcknowledgePartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct AcknowledgePartition: Structure {
        package var partitionIndex: Int32 = 0
        package var acknowledgementBatches: [AcknowledgementBatch] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.array("acknowledgementBatches", &acknowledgementBatches)
            try c.tags()
        }
    }

    /// An element of `acknowledgementBatches`.
    package struct AcknowledgementBatch: Structure {
        package var firstOffset: Int64 = 0
        package var lastOffset: Int64 = 0
        package var acknowledgeTypes: [Int8] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("firstOffset", &firstOffset)
            try c.int64("lastOffset", &lastOffset)
            try c.array("acknowledgeTypes", &acknowledgeTypes)
            try c.tags()
        }
    }
}

/// The body of the reply to `ShareAcknowledgeRequest`.
package struct ShareAcknowledgeResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.shareAcknowledge
    package static let versions = MessageVersions(1...2, flexibleFrom: 1)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var acquisitionLockTimeoutMs: Int32 = 0
    package var responses: [ShareAcknowledgeTopicResponse] = []
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        if c.version >= 2 { try c.int32("acquisitionLockTimeoutMs", &acquisitionLockTimeoutMs) }
        try c.array("responses", &responses)
        try c.array("nodeEndpoints", &nodeEndpoints)
        try c.tags()
    }

    /// An element of `responses`.
    package struct ShareAcknowledgeTopicResponse: Structure {
        package var topicID = UUID.zero
        package var partitions: [PartitionData] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct PartitionData: Structure {
        package var partitionIndex: Int32 = 0
        package var errorCode: Int16 = 0
        package var errorMessage: String?
        package var currentLeader = LeaderIdAndEpoch()

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.structure("currentLeader", &currentLeader)
            try c.tags()
        }
    }

    /// The value of `currentLeader`.
    package struct LeaderIdAndEpoch: Structure {
        package var leaderID: Int32 = 0
        package var leaderEpoch: Int32 = 0

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
