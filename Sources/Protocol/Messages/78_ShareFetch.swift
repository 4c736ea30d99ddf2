// ShareFetch (key 78, v1–2, flexible): acquires records for a member of a share group, and acknowledges
// earlier ones (KIP-932).
// Request: v2 shareAcquireMode, isRenewAck (KIP-1206, KIP-1222).
// Reply: v2 same fields (KIP-1206, KIP-1222).
package import Base

/// The body of a ShareFetch request; answered by `ShareFetchResponse`.
package struct ShareFetchRequest: RequestMessage {
    package typealias Reply = ShareFetchResponse
    package static let key = APIKey.shareFetch
    package static let versions = MessageVersions(1...2, flexibleFrom: 1)

    package var groupID: Name?
    package var memberID: Name? = ""
    package var shareSessionEpoch: Int32 = 0
    package var maxWaitMs: Int32 = 0
    package var minBytes: Int32 = 0
    package var maxBytes: Int32 = .max
    package var maxRecords: Int32 = 0
    package var batchSize: Int32 = 0
    package var shareAcquireMode: Int8 = 0
    package var isRenewAck = false
    package var topics: [FetchTopic] = []
    package var forgottenTopicsData: [ForgottenTopic] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableString("groupId", &groupID)
        try c.nullableString("memberId", &memberID)
        try c.int32("shareSessionEpoch", &shareSessionEpoch)
        try c.int32("maxWaitMs", &maxWaitMs)
        try c.int32("minBytes", &minBytes)
        try c.int32("maxBytes", &maxBytes)
        try c.int32("maxRecords", &maxRecords)
        try c.int32("batchSize", &batchSize)
        if c.version >= 2 {
            try c.int8("shareAcquireMode", &shareAcquireMode)
            try c.bool("isRenewAck", &isRenewAck)
        }
        try c.array("topics", &topics)
        try c.array("forgottenTopicsData", &forgottenTopicsData)
        try c.tags()
    }

    /// An element of `topics`.
    package struct FetchTopic: Structure {
        package var topicID = UUID.zero
        package var partitions: [FetchPartition] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }

    /// An element of `partitions`.
    package struct FetchPartition: Structure {
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

    /// An element of `forgottenTopicsData`.
    package struct ForgottenTopic: Structure {
        package var topicID = UUID.zero
        package var partitions: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.uuid("topicId", &topicID)
            try c.array("partitions", &partitions)
            try c.tags()
        }
    }
}

/// The body of the reply to `ShareFetchRequest`.
package struct ShareFetchResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.shareFetch
    package static let versions = MessageVersions(1...2, flexibleFrom: 1)

    package var throttleTimeMs: Int32 = 0
    package var errorCode: Int16 = 0
    package var errorMessage: String?
    package var acquisitionLockTimeoutMs: Int32 = 0
    package var responses: [ShareFetchableTopicResponse] = []
    package var nodeEndpoints: [NodeEndpoint] = []

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("throttleTimeMs", &throttleTimeMs)
        try c.int16("errorCode", &errorCode)
        try c.nullableString("errorMessage", &errorMessage)
        try c.int32("acquisitionLockTimeoutMs", &acquisitionLockTimeoutMs)
        try c.array("responses", &responses)
        try c.array("nodeEndpoints", &nodeEndpoints)
        try c.tags()
    }

    /// An element of `responses`.
    package struct ShareFetchableTopicResponse: Structure {
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
        package var acknowledgeErrorCode: Int16 = 0
        package var acknowledgeErrorMessage: String?
        package var currentLeader = LeaderIdAndEpoch()
        package var records = RecordsField.null
        package var acquiredRecords: [AcquiredRecords] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("partitionIndex", &partitionIndex)
            try c.int16("errorCode", &errorCode)
            try c.nullableString("errorMessage", &errorMessage)
            try c.int16("acknowledgeErrorCode", &acknowledgeErrorCode)
            try c.nullableString("acknowledgeErrorMessage", &acknowledgeErrorMessage)
            try c.structure("currentLeader", &currentLeader)
            try c.records("records", &records)
            try c.array("acquiredRecords", &acquiredRecords)
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

    /// An element of `acquiredRecords`.
    package struct AcquiredRecords: Structure {
        package var firstOffset: Int64 = 0
        package var lastOffset: Int64 = 0
        package var deliveryCount: Int16 = 0

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int64("firstOffset", &firstOffset)
            try c.int64("lastOffset", &lastOffset)
            try c.int16("deliveryCount", &deliveryCount)
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
