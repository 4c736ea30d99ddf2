/// TxnOffsetCommit (key 28, v0–5): stores offsets that count once a transaction commits. v2 leader epoch · v3
/// flexible, who commits (KIP-447) · v4 TRANSACTION_ABORTABLE (KIP-890) · v5 adds the group to the
/// transaction.
///
/// Partitions that do not exist are refused here, so that the coordinator sees only what it can store.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security
internal import Storage

enum TxnOffsetCommitHandler: RequestHandler {
    typealias Request = TxnOffsetCommitRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.code)
        }
    }

    static func handle(
        _ request: TxnOffsetCommitRequest, _ context: RequestContext
    ) -> Outcome<TxnOffsetCommitResponse> {
        guard context.authorize(.write, .transactionalID(request.transactionalID)) else {
            return .now(.refusal(.transactionalIDAuthorizationFailed, of: request))
        }
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(.refusal(.groupAuthorizationFailed, of: request))
        }
        let commit = TransactionalCommit(request, context)
        guard !commit.accepted.topics.isEmpty else { return .now(commit.reply(TxnOffsetCommitResponse())) }
        guard !request.groupID.isEmpty else { return .now(commit.refusal(.invalidGroupID)) }
        let started = Deferred<Outcome<TxnOffsetCommitResponse>>()
        context.broker.groups.withShard(of: request.groupID, on: context.loop) { shard in
            guard let shard else {
                started.complete(.now(commit.refusal(.coordinatorNotAvailable)))
                return
            }
            shard.partition.whenSettled { commit.begin(in: shard) { started.complete($0) } }
        }
        return .starting(started)
    }
}

/// One request on its way into the log of its group.
private struct TransactionalCommit: Sendable {
    typealias Host = GroupHost.Host
    typealias Topic = TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic

    /// The request with what can be committed.
    private(set) var accepted: TxnOffsetCommitRequest
    /// The answers for the rest.
    private var refused: [Topic] = []
    private let context: RequestContext

    init(_ request: TxnOffsetCommitRequest, _ context: RequestContext) {
        self.context = context
        accepted = request
        accepted.topics = []
        var together = TopicsTogether<Name, Topic>()
        let topics = context.topics
        for asked in request.topics {
            let isAllowed = context.authorize(.read, .topic(asked.name))
            var good = asked
            good.partitions = []
            var bad = Topic()
            bad.name = asked.name
            for partition in asked.partitions {
                if isAllowed, topics[asked.name]?.partition(partition.partitionIndex) != nil {
                    good.partitions.append(partition)
                    continue
                }
                var result = TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition()
                result.partitionIndex = partition.partitionIndex
                let code: ErrorCode = isAllowed ? .unknownTopicOrPartition : .topicAuthorizationFailed
                result.errorCode = code.rawValue
                bad.partitions.append(result)
            }
            if !good.partitions.isEmpty { accepted.topics.append(good) }
            if !bad.partitions.isEmpty { together.add(bad, bad.name) { $0.partitions += $1.partitions } }
        }
        refused = together.topics
    }

    /// Has the transaction's coordinator asked, if the log wants to know whether the group belongs to it, and
    /// then the group.
    func begin(
        in shard: Host, started: @escaping @Sendable (Outcome<TxnOffsetCommitResponse>) -> Void
    ) {
        guard let log = shard.partition.log else { return started(.now(refusal(.notCoordinator))) }
        let producer = TransactionalProducer(
            id: ProducerID(accepted.producerID), epoch: accepted.producerEpoch)
        let permission: TransactionPermission?
        do throws(StorageError) {
            permission = try log.beginVerification(of: producer.id, epoch: producer.epoch)
        } catch {
            return started(.now(refusal(ErrorCode(error))))
        }
        guard let permission else { return started(.later(ask(shard, nil))) }
        TransactionVerification(
            transactionalID: accepted.transactionalID, producer: producer,
            kind: VerificationKind(offsetCommit: context.version), partitions: [shard.partition.id]
        ).ask(context) { codes in
            if let code = codes.first, code != .none { return started(.now(refusal(code))) }
            started(.later(ask(shard, permission)))
        }
    }

    private func ask(
        _ shard: Host, _ permission: TransactionPermission?
    ) -> Deferred<TxnOffsetCommitResponse> {
        let deferred = Deferred<TxnOffsetCommitResponse>()
        let request = GroupRequest.commitInTransaction(accepted, permission: permission?.number)
        shard.ask({ .request(request, $0) }) { answer in
            deferred.complete(
                answer.read {
                    guard case .commitInTransaction(let response) = $0 else { return nil }
                    return reply(response)
                } _: {
                    refusal($0)
                })
        }
        return deferred
    }

    /// The same error for all that was accepted, in words that clients of the version understand.
    func refusal(_ code: ErrorCode) -> TxnOffsetCommitResponse {
        var code = code
        switch code {
        case .networkException: code = .coordinatorLoadInProgress
        case .unknownTopicOrPartition, .notEnoughReplicas, .requestTimedOut: code = .coordinatorNotAvailable
        case .notLeaderOrFollower, .kafkaStorageError: code = .notCoordinator
        default: break
        }
        // Before version 2 clients take that for the end of their transaction.
        if context.version < 2, code == .coordinatorLoadInProgress { code = .coordinatorNotAvailable }
        return reply(.refusal(code, of: accepted))
    }

    /// One answer for each topic, what failed in front.
    func reply(_ response: TxnOffsetCommitResponse) -> TxnOffsetCommitResponse {
        guard !refused.isEmpty else { return response }
        var merged = response
        var together = TopicsTogether<Name, Topic>()
        for topic in refused + response.topics {
            together.add(topic, topic.name) { $0.partitions += $1.partitions }
        }
        merged.topics = together.topics
        return merged
    }
}
