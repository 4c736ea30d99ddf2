// THE table of handlers, one line for each API key that is served. Whatever depends on which those are asks
// it: the Router's dispatch, ApiVersions, the waits for partitions that are not open yet.
internal import Network
internal import Protocol

/// The handlers of all API keys that are served.
enum HandlerTable {
    /// In the order of the keys; GAPS.md lists the keys that are not here.
    static let rows: [HandlerRow] = [
        HandlerRow(ProduceHandler.self),
        HandlerRow(FetchHandler.self),
        HandlerRow(ListOffsetsHandler.self),
        HandlerRow(MetadataHandler.self),
        HandlerRow(OffsetCommitHandler.self),
        HandlerRow(OffsetFetchHandler.self),
        HandlerRow(FindCoordinatorHandler.self),
        HandlerRow(JoinGroupHandler.self),
        HandlerRow(HeartbeatHandler.self),
        HandlerRow(LeaveGroupHandler.self),
        HandlerRow(SyncGroupHandler.self),
        HandlerRow(DescribeGroupsHandler.self),
        HandlerRow(ListGroupsHandler.self),
        HandlerRow(ApiVersionsHandler.self),
        HandlerRow(CreateTopicsHandler.self),
        HandlerRow(DeleteTopicsHandler.self),
        HandlerRow(DeleteRecordsHandler.self),
        HandlerRow(InitProducerIDHandler.self),
        HandlerRow(OffsetForLeaderEpochHandler.self),
        HandlerRow(AddPartitionsToTxnHandler.self),
        HandlerRow(AddOffsetsToTxnHandler.self),
        HandlerRow(EndTxnHandler.self),
        HandlerRow(WriteTxnMarkersHandler.self),
        HandlerRow(TxnOffsetCommitHandler.self),
        HandlerRow(DescribeAclsHandler.self),
        HandlerRow(CreateAclsHandler.self),
        HandlerRow(DeleteAclsHandler.self),
        HandlerRow(DescribeConfigsHandler.self),
        HandlerRow(AlterConfigsHandler.self),
        HandlerRow(AlterReplicaLogDirsHandler.self),
        HandlerRow(DescribeLogDirsHandler.self),
        HandlerRow(CreatePartitionsHandler.self),
        HandlerRow(CreateDelegationTokenHandler.self),
        HandlerRow(RenewDelegationTokenHandler.self),
        HandlerRow(ExpireDelegationTokenHandler.self),
        HandlerRow(DescribeDelegationTokenHandler.self),
        HandlerRow(DeleteGroupsHandler.self),
        HandlerRow(ElectLeadersHandler.self),
        HandlerRow(IncrementalAlterConfigsHandler.self),
        HandlerRow(AlterPartitionReassignmentsHandler.self),
        HandlerRow(ListPartitionReassignmentsHandler.self),
        HandlerRow(OffsetDeleteHandler.self),
        HandlerRow(DescribeClientQuotasHandler.self),
        HandlerRow(AlterClientQuotasHandler.self),
        HandlerRow(DescribeUserScramCredentialsHandler.self),
        HandlerRow(AlterUserScramCredentialsHandler.self),
        HandlerRow(DescribeQuorumHandler.self),
        HandlerRow(UpdateFeaturesHandler.self),
        HandlerRow(DescribeClusterHandler.self),
        HandlerRow(DescribeProducersHandler.self),
        HandlerRow(UnregisterBrokerHandler.self),
        HandlerRow(DescribeTransactionsHandler.self),
        HandlerRow(ListTransactionsHandler.self),
        HandlerRow(ConsumerGroupHeartbeatHandler.self),
        HandlerRow(ConsumerGroupDescribeHandler.self),
        HandlerRow(ListConfigResourcesHandler.self),
        HandlerRow(DescribeTopicPartitionsHandler.self),
        HandlerRow(AddRaftVoterHandler.self),
        HandlerRow(RemoveRaftVoterHandler.self),
    ]

    /// The same by their numbers, with a place for every key of the protocol.
    static let byNumber: [HandlerRow?] = {
        let last = APIKey.allCases.reduce(0) { max($0, Int($1.rawValue)) }
        var all = [HandlerRow?](repeating: nil, count: last + 1)
        for row in rows { all[Int(row.key.rawValue)] = row }
        return all
    }()
}

/// One handler, and what a request costs least to be known of it.
final class HandlerRow: Sendable {
    /// Reads the body of a request, which begins at `bodyStart` of its frame, and serves it.
    typealias Serve =
        @Sendable (
            _ router: Router, _ frame: inout MutableRawSpan, _ bodyStart: Int, _ request: PendingRequest,
            _ connection: isolated Connection
        ) throws(WireError) -> Void

    let handler: any Handler.Type
    let key: APIKey
    let versions: ClosedRange<Int16>
    let keptFrom: Int16
    let effect: RequestEffect
    let requestSize: RequestSize
    /// One closure for each handler, so that the whole way of a request is specialized for it.
    let serve: Serve

    // Inlined, so that what it closes over is specialized.
    @inline(__always)
    convenience init<Served: RequestHandler>(_ handler: Served.Type) {
        switch Served.replySize {
        case .small, .leasedByHandler:
            self.init(serving: handler) { router, frame, start, request, connection throws(WireError) in
                try router.serve(handler, frame.bytes, start, request, connection)
            }
        case .growing(let measure):
            self.init(serving: handler) { router, frame, start, request, connection throws(WireError) in
                try router.serve(handler, measure, frame.bytes, start, request, connection)
            }
        }
    }

    @inline(__always)
    convenience init<Served: FrameHandler>(_ handler: Served.Type) {
        let measure = Served.replySize.measure
        self.init(serving: handler) { router, frame, start, request, connection throws(WireError) in
            try router.serve(handler, measure, &frame, start, request, connection)
        }
    }

    private init<Served: Handler>(serving handler: Served.Type, _ serve: @escaping Serve) {
        let key = Served.Request.key
        guard let versions = key.served else {
            preconditionFailure("\(key.name) has a handler and no versions in the table of API keys")
        }
        self.handler = handler
        self.key = key
        self.versions = versions
        keptFrom = key.keptFrom
        effect = Served.effect
        requestSize = Served.requestSize
        self.serve = serve
    }
}
