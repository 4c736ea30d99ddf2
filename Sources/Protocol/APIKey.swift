// The API keys of the protocol: one case and one row each.

/// The number that says what a request is.
package enum APIKey: Int16, CaseIterable, Sendable {
    case produce = 0
    case fetch = 1
    case listOffsets = 2
    case metadata = 3
    case leaderAndIsr = 4
    case stopReplica = 5
    case updateMetadata = 6
    case controlledShutdown = 7
    case offsetCommit = 8
    case offsetFetch = 9
    case findCoordinator = 10
    case joinGroup = 11
    case heartbeat = 12
    case leaveGroup = 13
    case syncGroup = 14
    case describeGroups = 15
    case listGroups = 16
    case saslHandshake = 17
    case apiVersions = 18
    case createTopics = 19
    case deleteTopics = 20
    case deleteRecords = 21
    case initProducerID = 22
    case offsetForLeaderEpoch = 23
    case addPartitionsToTxn = 24
    case addOffsetsToTxn = 25
    case endTxn = 26
    case writeTxnMarkers = 27
    case txnOffsetCommit = 28
    case describeAcls = 29
    case createAcls = 30
    case deleteAcls = 31
    case describeConfigs = 32
    case alterConfigs = 33
    case alterReplicaLogDirs = 34
    case describeLogDirs = 35
    case saslAuthenticate = 36
    case createPartitions = 37
    case createDelegationToken = 38
    case renewDelegationToken = 39
    case expireDelegationToken = 40
    case describeDelegationToken = 41
    case deleteGroups = 42
    case electLeaders = 43
    case incrementalAlterConfigs = 44
    case alterPartitionReassignments = 45
    case listPartitionReassignments = 46
    case offsetDelete = 47
    case describeClientQuotas = 48
    case alterClientQuotas = 49
    case describeUserScramCredentials = 50
    case alterUserScramCredentials = 51
    case vote = 52
    case beginQuorumEpoch = 53
    case endQuorumEpoch = 54
    case describeQuorum = 55
    case alterPartition = 56
    case updateFeatures = 57
    case envelope = 58
    case fetchSnapshot = 59
    case describeCluster = 60
    case describeProducers = 61
    case brokerRegistration = 62
    case brokerHeartbeat = 63
    case unregisterBroker = 64
    case describeTransactions = 65
    case listTransactions = 66
    case allocateProducerIDs = 67
    case consumerGroupHeartbeat = 68
    case consumerGroupDescribe = 69
    case controllerRegistration = 70
    case getTelemetrySubscriptions = 71
    case pushTelemetry = 72
    case assignReplicasToDirs = 73
    case listConfigResources = 74
    case describeTopicPartitions = 75
    case shareGroupHeartbeat = 76
    case shareGroupDescribe = 77
    case shareFetch = 78
    case shareAcknowledge = 79
    case addRaftVoter = 80
    case removeRaftVoter = 81
    case updateRaftVoter = 82
    case initializeShareGroupState = 83
    case readShareGroupState = 84
    case writeShareGroupState = 85
    case deleteShareGroupState = 86
    case readShareGroupStateSummary = 87
    case streamsGroupHeartbeat = 88
    case streamsGroupDescribe = 89
    case describeShareGroupOffsets = 90
    case alterShareGroupOffsets = 91
    case deleteShareGroupOffsets = 92
}

/// What the broker knows of one API key.
struct APIKeyRow: Sendable {
    let key: APIKey
    let name: String
    let served: ClosedRange<Int16>?
    let keptFrom: Int16
    let flexibleFrom: Int16?
    let request: (any RequestMessage.Type)?

    /// A key whose messages are described; of what is served Kafka 4 kept the versions from `keptFrom` on.
    init(
        _ key: APIKey, _ name: String, _ served: ClosedRange<Int16>, keptFrom: Int16 = 0,
        _ request: any RequestMessage.Type
    ) {
        self.key = key
        self.name = name
        self.served = served
        self.keptFrom = keptFrom
        flexibleFrom = request.versions.flexibleFrom
        self.request = request
    }

    /// A key of controllers, or of brokers before Kafka 4, among themselves: known by name, never served.
    init(_ key: APIKey, _ name: String, flexibleFrom: Int16) {
        self.key = key
        self.name = name
        served = nil
        keptFrom = 0
        self.flexibleFrom = flexibleFrom
        request = nil
    }
}

extension APIKey {
    // In the order of the keys, without gaps. Served is what Kafka 4.3 serves plus the older versions that it
    // dropped.
    static let rows: [APIKeyRow] = [
        APIKeyRow(.produce, "Produce", 0...13, keptFrom: 3, ProduceRequest.self),
        APIKeyRow(.fetch, "Fetch", 0...18, keptFrom: 4, FetchRequest.self),
        APIKeyRow(.listOffsets, "ListOffsets", 0...11, keptFrom: 1, ListOffsetsRequest.self),
        APIKeyRow(.metadata, "Metadata", 0...13, MetadataRequest.self),
        APIKeyRow(.leaderAndIsr, "LeaderAndIsr", flexibleFrom: 4),
        APIKeyRow(.stopReplica, "StopReplica", flexibleFrom: 2),
        APIKeyRow(.updateMetadata, "UpdateMetadata", flexibleFrom: 6),
        APIKeyRow(.controlledShutdown, "ControlledShutdown", flexibleFrom: 3),
        APIKeyRow(.offsetCommit, "OffsetCommit", 0...10, keptFrom: 2, OffsetCommitRequest.self),
        APIKeyRow(.offsetFetch, "OffsetFetch", 0...10, keptFrom: 1, OffsetFetchRequest.self),
        APIKeyRow(.findCoordinator, "FindCoordinator", 0...6, FindCoordinatorRequest.self),
        APIKeyRow(.joinGroup, "JoinGroup", 0...9, JoinGroupRequest.self),
        APIKeyRow(.heartbeat, "Heartbeat", 0...4, HeartbeatRequest.self),
        APIKeyRow(.leaveGroup, "LeaveGroup", 0...5, LeaveGroupRequest.self),
        APIKeyRow(.syncGroup, "SyncGroup", 0...5, SyncGroupRequest.self),
        APIKeyRow(.describeGroups, "DescribeGroups", 0...6, DescribeGroupsRequest.self),
        APIKeyRow(.listGroups, "ListGroups", 0...5, ListGroupsRequest.self),
        APIKeyRow(.saslHandshake, "SaslHandshake", 0...1, SaslHandshakeRequest.self),
        APIKeyRow(.apiVersions, "ApiVersions", 0...4, ApiVersionsRequest.self),
        APIKeyRow(.createTopics, "CreateTopics", 0...7, keptFrom: 2, CreateTopicsRequest.self),
        APIKeyRow(.deleteTopics, "DeleteTopics", 0...6, keptFrom: 1, DeleteTopicsRequest.self),
        APIKeyRow(.deleteRecords, "DeleteRecords", 0...2, DeleteRecordsRequest.self),
        APIKeyRow(.initProducerID, "InitProducerId", 0...5, InitProducerIdRequest.self),
        APIKeyRow(
            .offsetForLeaderEpoch, "OffsetForLeaderEpoch", 0...4, keptFrom: 2,
            OffsetForLeaderEpochRequest.self),
        APIKeyRow(.addPartitionsToTxn, "AddPartitionsToTxn", 0...5, AddPartitionsToTxnRequest.self),
        APIKeyRow(.addOffsetsToTxn, "AddOffsetsToTxn", 0...4, AddOffsetsToTxnRequest.self),
        APIKeyRow(.endTxn, "EndTxn", 0...5, EndTxnRequest.self),
        APIKeyRow(.writeTxnMarkers, "WriteTxnMarkers", 0...2, keptFrom: 1, WriteTxnMarkersRequest.self),
        APIKeyRow(.txnOffsetCommit, "TxnOffsetCommit", 0...5, TxnOffsetCommitRequest.self),
        APIKeyRow(.describeAcls, "DescribeAcls", 0...3, keptFrom: 1, DescribeAclsRequest.self),
        APIKeyRow(.createAcls, "CreateAcls", 0...3, keptFrom: 1, CreateAclsRequest.self),
        APIKeyRow(.deleteAcls, "DeleteAcls", 0...3, keptFrom: 1, DeleteAclsRequest.self),
        APIKeyRow(.describeConfigs, "DescribeConfigs", 0...4, keptFrom: 1, DescribeConfigsRequest.self),
        APIKeyRow(.alterConfigs, "AlterConfigs", 0...2, AlterConfigsRequest.self),
        APIKeyRow(
            .alterReplicaLogDirs, "AlterReplicaLogDirs", 0...2, keptFrom: 1, AlterReplicaLogDirsRequest.self),
        APIKeyRow(.describeLogDirs, "DescribeLogDirs", 0...5, keptFrom: 1, DescribeLogDirsRequest.self),
        APIKeyRow(.saslAuthenticate, "SaslAuthenticate", 0...2, SaslAuthenticateRequest.self),
        APIKeyRow(.createPartitions, "CreatePartitions", 0...3, CreatePartitionsRequest.self),
        APIKeyRow(
            .createDelegationToken, "CreateDelegationToken", 0...3, keptFrom: 1,
            CreateDelegationTokenRequest.self),
        APIKeyRow(
            .renewDelegationToken, "RenewDelegationToken", 0...2, keptFrom: 1,
            RenewDelegationTokenRequest.self),
        APIKeyRow(
            .expireDelegationToken, "ExpireDelegationToken", 0...2, keptFrom: 1,
            ExpireDelegationTokenRequest.self),
        APIKeyRow(
            .describeDelegationToken, "DescribeDelegationToken", 0...3, keptFrom: 1,
            DescribeDelegationTokenRequest.self),
        APIKeyRow(.deleteGroups, "DeleteGroups", 0...2, DeleteGroupsRequest.self),
        APIKeyRow(.electLeaders, "ElectLeaders", 0...2, ElectLeadersRequest.self),
        APIKeyRow(
            .incrementalAlterConfigs, "IncrementalAlterConfigs", 0...1,
            IncrementalAlterConfigsRequest.self),
        APIKeyRow(
            .alterPartitionReassignments, "AlterPartitionReassignments", 0...1,
            AlterPartitionReassignmentsRequest.self),
        APIKeyRow(
            .listPartitionReassignments, "ListPartitionReassignments", 0...0,
            ListPartitionReassignmentsRequest.self),
        APIKeyRow(.offsetDelete, "OffsetDelete", 0...0, OffsetDeleteRequest.self),
        APIKeyRow(.describeClientQuotas, "DescribeClientQuotas", 0...1, DescribeClientQuotasRequest.self),
        APIKeyRow(.alterClientQuotas, "AlterClientQuotas", 0...1, AlterClientQuotasRequest.self),
        APIKeyRow(
            .describeUserScramCredentials, "DescribeUserScramCredentials", 0...0,
            DescribeUserScramCredentialsRequest.self),
        APIKeyRow(
            .alterUserScramCredentials, "AlterUserScramCredentials", 0...0,
            AlterUserScramCredentialsRequest.self),
        APIKeyRow(.vote, "Vote", flexibleFrom: 0),
        APIKeyRow(.beginQuorumEpoch, "BeginQuorumEpoch", flexibleFrom: 1),
        APIKeyRow(.endQuorumEpoch, "EndQuorumEpoch", flexibleFrom: 1),
        APIKeyRow(.describeQuorum, "DescribeQuorum", 0...2, DescribeQuorumRequest.self),
        APIKeyRow(.alterPartition, "AlterPartition", flexibleFrom: 2),
        APIKeyRow(.updateFeatures, "UpdateFeatures", 0...2, UpdateFeaturesRequest.self),
        APIKeyRow(.envelope, "Envelope", flexibleFrom: 0),
        APIKeyRow(.fetchSnapshot, "FetchSnapshot", flexibleFrom: 0),
        APIKeyRow(.describeCluster, "DescribeCluster", 0...2, DescribeClusterRequest.self),
        APIKeyRow(.describeProducers, "DescribeProducers", 0...0, DescribeProducersRequest.self),
        APIKeyRow(.brokerRegistration, "BrokerRegistration", flexibleFrom: 0),
        APIKeyRow(.brokerHeartbeat, "BrokerHeartbeat", flexibleFrom: 0),
        APIKeyRow(.unregisterBroker, "UnregisterBroker", 0...0, UnregisterBrokerRequest.self),
        APIKeyRow(.describeTransactions, "DescribeTransactions", 0...0, DescribeTransactionsRequest.self),
        APIKeyRow(.listTransactions, "ListTransactions", 0...2, ListTransactionsRequest.self),
        APIKeyRow(.allocateProducerIDs, "AllocateProducerIds", flexibleFrom: 0),
        APIKeyRow(
            .consumerGroupHeartbeat, "ConsumerGroupHeartbeat", 0...1,
            ConsumerGroupHeartbeatRequest.self),
        APIKeyRow(.consumerGroupDescribe, "ConsumerGroupDescribe", 0...1, ConsumerGroupDescribeRequest.self),
        APIKeyRow(.controllerRegistration, "ControllerRegistration", flexibleFrom: 0),
        APIKeyRow(
            .getTelemetrySubscriptions, "GetTelemetrySubscriptions", 0...0,
            GetTelemetrySubscriptionsRequest.self),
        APIKeyRow(.pushTelemetry, "PushTelemetry", 0...0, PushTelemetryRequest.self),
        APIKeyRow(.assignReplicasToDirs, "AssignReplicasToDirs", flexibleFrom: 0),
        APIKeyRow(.listConfigResources, "ListConfigResources", 0...1, ListConfigResourcesRequest.self),
        APIKeyRow(
            .describeTopicPartitions, "DescribeTopicPartitions", 0...0,
            DescribeTopicPartitionsRequest.self),
        APIKeyRow(.shareGroupHeartbeat, "ShareGroupHeartbeat", 1...1, ShareGroupHeartbeatRequest.self),
        APIKeyRow(.shareGroupDescribe, "ShareGroupDescribe", 1...1, ShareGroupDescribeRequest.self),
        APIKeyRow(.shareFetch, "ShareFetch", 1...2, ShareFetchRequest.self),
        APIKeyRow(.shareAcknowledge, "ShareAcknowledge", 1...2, ShareAcknowledgeRequest.self),
        APIKeyRow(.addRaftVoter, "AddRaftVoter", 0...1, AddRaftVoterRequest.self),
        APIKeyRow(.removeRaftVoter, "RemoveRaftVoter", 0...0, RemoveRaftVoterRequest.self),
        APIKeyRow(.updateRaftVoter, "UpdateRaftVoter", flexibleFrom: 0),
        APIKeyRow(
            .initializeShareGroupState, "InitializeShareGroupState", 0...0,
            InitializeShareGroupStateRequest.self),
        APIKeyRow(.readShareGroupState, "ReadShareGroupState", 0...0, ReadShareGroupStateRequest.self),
        APIKeyRow(.writeShareGroupState, "WriteShareGroupState", 0...1, WriteShareGroupStateRequest.self),
        APIKeyRow(.deleteShareGroupState, "DeleteShareGroupState", 0...0, DeleteShareGroupStateRequest.self),
        APIKeyRow(
            .readShareGroupStateSummary, "ReadShareGroupStateSummary", 0...1,
            ReadShareGroupStateSummaryRequest.self),
        APIKeyRow(.streamsGroupHeartbeat, "StreamsGroupHeartbeat", 0...0, StreamsGroupHeartbeatRequest.self),
        APIKeyRow(.streamsGroupDescribe, "StreamsGroupDescribe", 0...0, StreamsGroupDescribeRequest.self),
        APIKeyRow(
            .describeShareGroupOffsets, "DescribeShareGroupOffsets", 0...1,
            DescribeShareGroupOffsetsRequest.self),
        APIKeyRow(
            .alterShareGroupOffsets, "AlterShareGroupOffsets", 0...0,
            AlterShareGroupOffsetsRequest.self),
        APIKeyRow(
            .deleteShareGroupOffsets, "DeleteShareGroupOffsets", 0...0,
            DeleteShareGroupOffsetsRequest.self),
    ]

    private var row: APIKeyRow { Self.rows[Int(rawValue)] }

    /// Kafka's name, such as `Heartbeat`.
    package var name: String { row.name }
    /// The versions that a broker can serve; nil for keys that only controllers use.
    package var served: ClosedRange<Int16>? { row.served }
    /// The first version that Kafka 4 did not drop (KIP-896).
    package var keptFrom: Int16 { row.keptFrom }
    /// The first version with compact lengths and tagged fields (KIP-482); nil if there is none.
    package var firstFlexibleVersion: Int16? { row.flexibleFrom }
    /// The type of the request's body; nil for keys that are not described.
    package var requestType: (any RequestMessage.Type)? { row.request }
    /// The type of the reply's body; nil for keys that are not described.
    package var replyType: (any ReplyMessage.Type)? {
        func reply<Request: RequestMessage>(_ type: Request.Type) -> any ReplyMessage.Type {
            Request.Reply.self
        }
        return row.request.map { reply($0) }
    }

    /// Whether requests and replies of `version` are flexible.
    package func isFlexible(_ version: Int16) -> Bool {
        guard let first = row.flexibleFrom else { return false }
        return version >= first
    }

    /// The version of the header before a request: 2 if flexible, else 1.
    ///
    /// ControlledShutdown began without a client id: 0.
    package func requestHeaderVersion(_ version: Int16) -> Int16 {
        if self == .controlledShutdown, version == 0 { return 0 }
        return isFlexible(version) ? 2 : 1
    }

    /// The version of the header before a reply: 1 if flexible, else 0.
    ///
    /// ApiVersions replies always have 0, as their reader cannot know yet what the broker speaks (KIP-511).
    package func replyHeaderVersion(_ version: Int16) -> Int16 {
        self != .apiVersions && isFlexible(version) ? 1 : 0
    }
}
