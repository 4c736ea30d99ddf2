// The transactions of the broker: the topic that holds them, and what their coordinators have done elsewhere:
// markers in partitions, producer ids, lines in the log.
package import Base
package import Coordinator
internal import Network
package import Protocol
internal import Storage

/// Hosts the transaction coordinator.
package typealias TransactionHost = StateTopicHost<TransactionCoordinator>

extension TransactionHost {
    /// The topic of transactions.
    package static var topicName: Name { "__transaction_state" }

    /// The host of the transactions of a broker that is made of `parts`, with its job on `scheduler`.
    convenience init(
        _ parts: BrokerParts, on scheduler: UpkeepScheduler, _ settings: BrokerSettings,
        writeMarkers: @escaping WriteMarkers, logger: Logger, clock: any BrokerClock
    ) {
        let catalog = parts.catalog
        let incarnations = Lock<UInt64>(0)
        let errands = TransactionErrands(
            writeMarkers: writeMarkers, producerIDs: parts.producerIDs, loop: parts.sockets.loops.loops[0],
            logger: logger)
        let topic = StateTopic<TransactionCoordinator>(
            asMade: .transactionState(settings), maker: "the transaction coordinator",
            emptyShard: { topic in
                let incarnation = incarnations.withLock { count in
                    count += 1
                    return count
                }
                return TransactionCoordinator(
                    TransactionSettings(
                        settings, version: catalog.transactionVersion,
                        segmentBytes: Int(topic.settings.segmentBytes)),
                    incarnation: incarnation)
            },
            carryOut: { order, shard in errands.run(order, of: shard) })
        let services = ShardServices(clock: clock, logger: logger, pool: parts.sockets.pool)
        self.init(topic, catalog: catalog, loops: parts.sockets.loops, services: services)
        let expiry = ShardUpkeep<TransactionCoordinator>(
            event: .expiryDue, interval: .milliseconds(settings.transactionExpiryCheckMilliseconds)
        ) { state, _ in state.nextExpiry }
        beginUpkeep(expiry, on: scheduler)
    }

    /// Something is configured otherwise.
    func configured(_ news: ConfigurationNews) {
        guard case .features = news else { return }
        for shard in presentShards { shard.post(.versionChanged(catalog.transactionVersion)) }
    }

    /// Makes partitions part of the transaction of a producer, or with `verifyOnly` asks whether they are;
    /// `answer` gets a code for each, in order, once what it says is durable: from any thread, perhaps at
    /// once.
    ///
    /// For what the broker itself adds on behalf of a client (KIP-890): the client speaks version 2 then.
    package func add(
        _ partitions: [TopicPartition], to id: Name, producer: ProducerID, epoch: Int16, verifyOnly: Bool,
        answer: @escaping @Sendable ([ErrorCode]) -> Void
    ) {
        let claim = ProducerClaim(id: id, producer: ProducerIdentity(id: producer, epoch: epoch))
        let count = partitions.count
        guard let shards = existingShards() else {
            // Nobody has a transactional id before there is a topic of them.
            let isThere = catalog.topics[Self.topicName] != nil
            let code: ErrorCode = isThere ? .coordinatorNotAvailable : .invalidProducerIDMapping
            return answer(Array(repeating: code, count: count))
        }
        let request: TransactionRequest =
            verifyOnly ? .verify(partitions, claim) : .add(partitions, claim, .v2)
        Self.shard(of: id, in: shards).ask({ .request(request, $0) }) { result in
            switch result {
            case .success(.verdicts(let codes)): answer(codes)
            case .success(.code(let code)): answer(Array(repeating: code, count: count))
            case .success(.producer), .success(.needsProducerID), .success(.description), .success(.list):
                preconditionFailure("the coordinator answered another request")
            case .failure(let error): answer(Array(repeating: error.code, count: count))
            }
        }
    }
}

extension StateTopicHost: TransactionVerifier where State == TransactionCoordinator {}

extension TopicCatalog {
    /// What transactions run at (`transaction.version`).
    var transactionVersion: TransactionVersion {
        TransactionVersion(rawValue: features["transaction.version"] ?? 0) ?? .v2
    }
}

extension NewTopic {
    /// The least that a topic takes, where the configuration of the broker takes any.
    private static let segmentBytesMin: Int32 = 1 << 20

    /// The topic of transactions, as Kafka makes it.
    static func transactionState(_ settings: BrokerSettings) -> NewTopic {
        var topic = NewTopic(name: TransactionHost.topicName)
        topic.partitionCount = settings.transactionsPartitions
        topic.replicationFactor = 1
        topic.configs = [
            "cleanup.policy": "compact", "compression.type": "uncompressed",
            "min.insync.replicas": String(settings.transactionsMinInSyncReplicas),
            "segment.bytes": String(max(segmentBytesMin, settings.transactionsSegmentBytes)),
            "unclean.leader.election.enable": "false",
        ]
        return topic
    }
}

extension TransactionSettings {
    /// What the configuration says about transactions.
    fileprivate init(_ settings: BrokerSettings, version: TransactionVersion, segmentBytes: Int) {
        self.init()
        timeoutMaxMilliseconds = settings.transactionTimeoutMaxMilliseconds
        expirationMilliseconds = Int64(settings.transactionalIDExpirationMilliseconds)
        self.version = version
        recordBytesMax = min(recordBytesMax, segmentBytes / 2)
    }
}
