// Metadata (key 3, v0–13): brokers, topics and the leaders of their partitions; may create topics.
// Request: v1 topics may be null · v4 allowAutoTopicCreation · v8 includeClusterAuthorizedOperations,
// includeTopicAuthorizedOperations · v9 flexible · v10 topicId, name may be null · v11 without
// includeClusterAuthorizedOperations.
// Reply: v1 rack, controllerId, isInternal · v2 clusterId · v3 throttleTimeMs · v5 offlineReplicas · v7
// leaderEpoch · v8 topicAuthorizedOperations, clusterAuthorizedOperations · v9 flexible · v10 topicId · v11
// without clusterAuthorizedOperations (KIP-700) · v12 name may be null · v13 errorCode.
package import Base

/// The body of a Metadata request; answered by `MetadataResponse`.
package struct MetadataRequest: RequestMessage {
    package typealias Reply = MetadataResponse
    package static let key = APIKey.metadata
    package static let versions = MessageVersions(0...13, flexibleFrom: 9)

    /// All topics if null; up to v0 all if empty.
    package var topics: [MetadataRequestTopic]? = []
    /// Since v4: whether topics that are missing may be created, if the broker does that.
    package var allowAutoTopicCreation = true
    package var includeClusterAuthorizedOperations = false
    package var includeTopicAuthorizedOperations = false

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.nullableArray("topics", &topics, nullable: c.version >= 1)
        if c.version >= 4 { try c.bool("allowAutoTopicCreation", &allowAutoTopicCreation) }
        if (8...10).contains(c.version) {
            try c.bool("includeClusterAuthorizedOperations", &includeClusterAuthorizedOperations)
        }
        if c.version >= 8 {
            try c.bool("includeTopicAuthorizedOperations", &includeTopicAuthorizedOperations)
        }
        try c.tags()
    }

    /// An element of `topics`.
    package struct MetadataRequestTopic: Structure {
        package var topicID = UUID.zero
        package var name: Name? = ""

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            try c.nullableString("name", &name, nullable: c.version >= 10)
            try c.tags()
        }
    }
}

/// The body of the reply to `MetadataRequest`.
package struct MetadataResponse: ReplyMessage, ThrottledReply {
    package static let key = APIKey.metadata
    package static let versions = MessageVersions(0...13, flexibleFrom: 9)

    package var throttleTimeMs: Int32 = 0
    package var brokers: [MetadataResponseBroker] = []
    package var clusterID: Name?
    /// Since v1: any broker, where controllers are not reached by clients; -1 for none.
    package var controllerID: Int32 = -1
    package var topics: [MetadataResponseTopic] = []
    /// v8 to v10: a bit for each operation that the sender may do; the least number where it was not asked
    /// for.
    package var clusterAuthorizedOperations: Int32 = .min
    /// Since v13: an error of the whole request.
    package var errorCode: Int16 = 0

    package init() {}

    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        if c.version >= 3 { try c.int32("throttleTimeMs", &throttleTimeMs) }
        try c.array("brokers", &brokers)
        if c.version >= 2 { try c.nullableString("clusterId", &clusterID) }
        if c.version >= 1 { try c.int32("controllerId", &controllerID) }
        try c.array("topics", &topics)
        if (8...10).contains(c.version) {
            try c.int32("clusterAuthorizedOperations", &clusterAuthorizedOperations)
        }
        if c.version >= 13 { try c.int16("errorCode", &errorCode) }
        try c.tags()
    }

    /// An element of `brokers`.
    package struct MetadataResponseBroker: Structure {
        package var nodeID: Int32 = 0
        package var host = ""
        package var port: Int32 = 0
        package var rack: Name?

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int32("nodeId", &nodeID)
            try c.string("host", &host)
            try c.int32("port", &port)
            if c.version >= 1 { try c.nullableString("rack", &rack) }
            try c.tags()
        }
    }

    /// An element of `topics`.
    package struct MetadataResponseTopic: Structure {
        package var errorCode: Int16 = 0
        /// Since v12 null for an id that is unknown.
        package var name: Name? = ""
        package var topicID = UUID.zero
        package var isInternal = false
        package var partitions: [MetadataResponsePartition] = []
        /// Since v8: a bit for each operation that the sender may do; the least number where it was not asked
        /// for.
        package var topicAuthorizedOperations: Int32 = .min

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.nullableString("name", &name, nullable: c.version >= 12)
            if c.version >= 10 { try c.uuid("topicId", &topicID) }
            if c.version >= 1 { try c.bool("isInternal", &isInternal) }
            try c.array("partitions", &partitions)
            if c.version >= 8 { try c.int32("topicAuthorizedOperations", &topicAuthorizedOperations) }
            try c.tags()
        }
    }

    /// Writes a topic that does not stand in `topics`.
    package static func write(
        _ topic: inout MetadataResponseTopic, with writer: inout ExternalElementsWriter
    ) throws(WireError) {
        try writer.append(&topic)
    }

    /// A writer of topics that do not stand in `topics`.
    package static func topicsWriter(version: Int16) throws(WireError) -> ExternalElementsWriter {
        try ExternalElementsWriter("topics", of: Self.self, version: version)
    }

    /// An element of `partitions`.
    package struct MetadataResponsePartition: Structure {
        package var errorCode: Int16 = 0
        package var partitionIndex: Int32 = 0
        /// -1 while nobody leads.
        package var leaderID: Int32 = 0
        package var leaderEpoch: Int32 = -1
        package var replicaNodes: [Int32] = []
        /// The replicas that have everything up to the high watermark.
        package var isrNodes: [Int32] = []
        package var offlineReplicas: [Int32] = []

        package init() {}

        package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
            try c.int16("errorCode", &errorCode)
            try c.int32("partitionIndex", &partitionIndex)
            try c.int32("leaderId", &leaderID)
            if c.version >= 7 { try c.int32("leaderEpoch", &leaderEpoch) }
            try c.array("replicaNodes", &replicaNodes)
            try c.array("isrNodes", &isrNodes)
            if c.version >= 5 { try c.array("offlineReplicas", &offlineReplicas) }
            try c.tags()
        }
    }
}
