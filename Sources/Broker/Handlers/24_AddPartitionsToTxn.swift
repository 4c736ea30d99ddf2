/// AddPartitionsToTxn (key 24, v0–5): makes partitions part of a transaction. v1 throttle time · v2
/// PRODUCER_FENCED (KIP-588) · v3 flexible · v4 brokers on behalf of clients, many transactions, also to ask
/// whether partitions are part of one (KIP-890) · v5 the same.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum AddPartitionsToTxnHandler: RequestHandler {
    typealias Request = AddPartitionsToTxnRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: transactions(request), limitBytes) { transaction in
            transaction.topics.reduce(EntryBytes.topic + transaction.transactionalID.utf8.count) {
                $0 + EntryBytes.ofTopic($1.name, $1.partitions.count, of: EntryBytes.code)
            }
        }
    }

    private typealias Transaction = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction
    private typealias TransactionResult = AddPartitionsToTxnResponse.AddPartitionsToTxnResult
    private typealias TopicResult = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult

    private static let fencedFrom: Int16 = 2
    /// The first version of brokers, which ask for many transactions.
    private static let brokersFrom: Int16 = 4

    static func handle(
        _ request: AddPartitionsToTxnRequest, _ context: RequestContext
    ) -> Outcome<AddPartitionsToTxnResponse> {
        if context.version >= brokersFrom, !context.authorize(.clusterAction, .cluster) {
            var response = AddPartitionsToTxnResponse()
            response.errorCode = ErrorCode.clusterAuthorizationFailed.rawValue
            return .now(response)
        }
        let asked = transactions(request)
        let reply = Deferred<AddPartitionsToTxnResponse>()
        let gathering = Gathering<TransactionResult>(count: asked.count) { results in
            var response = AddPartitionsToTxnResponse()
            if context.version >= brokersFrom {
                response.resultsByTransaction = results
            } else {
                response.resultsByTopicV3AndBelow = results.first?.topicResults ?? []
            }
            reply.complete(response)
        }
        for (index, transaction) in asked.enumerated() {
            serve(transaction, context) { gathering.add($0, at: index) }
        }
        return .later(reply)
    }

    /// What is asked for; before v4 it is one transaction.
    private static func transactions(_ request: AddPartitionsToTxnRequest) -> [Transaction] {
        // Only those versions have no list.
        guard request.transactions.isEmpty else { return request.transactions }
        guard !request.v3AndBelowTopics.isEmpty || !request.v3AndBelowTransactionalID.isEmpty else {
            return []
        }
        var only = Transaction()
        only.transactionalID = request.v3AndBelowTransactionalID
        only.producerID = request.v3AndBelowProducerID
        only.producerEpoch = request.v3AndBelowProducerEpoch
        only.topics = request.v3AndBelowTopics
        return [only]
    }

    private static func serve(
        _ asked: Transaction, _ context: RequestContext,
        then done: @escaping @Sendable (TransactionResult) -> Void
    ) {
        let id = asked.transactionalID
        let isBrokers = context.version >= brokersFrom
        guard isBrokers || context.authorize(.write, .transactionalID(id)) else {
            return done(result(asked) { _ in .transactionalIDAuthorizationFailed })
        }
        let problems = problems(asked, context)
        guard problems.isEmpty else {
            // One that cannot be added keeps the others out.
            return done(result(asked) { problems[$0] ?? .operationNotAttempted })
        }
        let partitions = Array(Set(partitions(of: asked)))
        let claim = ProducerClaim(
            id: id,
            producer: ProducerIdentity(id: ProducerID(asked.producerID), epoch: asked.producerEpoch))
        let version = context.version
        context.administration.transact(id) { _ in
            asked.verifyOnly
                ? .verify(partitions, claim) : .add(partitions, claim, version >= brokersFrom ? .v2 : .v0)
        } answer: { answer in
            if case .success(.verdicts(let codes)) = answer {
                let byPartition = Dictionary(uniqueKeysWithValues: zip(partitions, codes))
                return done(result(asked) { byPartition[$0] ?? .none })
            }
            let code = context.code(answer.code, fencedFrom: fencedFrom)
            done(result(asked) { _ in code })
        }
    }

    private static func partitions(of asked: Transaction) -> [TopicPartition] {
        asked.topics.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.name, partition: PartitionIndex($0)) }
        }
    }

    /// Why partitions cannot be added.
    private static func problems(
        _ asked: Transaction, _ context: RequestContext
    ) -> [TopicPartition: ErrorCode] {
        let topics = context.topics
        var problems: [TopicPartition: ErrorCode] = [:]
        for topic in asked.topics {
            // Clients add offsets with a request of their own.
            let isAllowed =
                context.version >= brokersFrom
                || (!TopicName.internalNames.contains(topic.name)
                    && context.authorize(.write, .topic(topic.name)))
            let known = topics[topic.name]
            for index in topic.partitions where !isAllowed || known?.partition(index) == nil {
                problems[TopicPartition(topic: topic.name, partition: PartitionIndex(index))] =
                    isAllowed ? .unknownTopicOrPartition : .topicAuthorizationFailed
            }
        }
        return problems
    }

    private static func result(
        _ asked: Transaction, _ code: (TopicPartition) -> ErrorCode
    ) -> TransactionResult {
        var result = TransactionResult()
        result.transactionalID = asked.transactionalID
        result.topicResults = asked.topics.map { topic in
            var topicResult = TopicResult()
            topicResult.name = topic.name
            topicResult.resultsByPartition = topic.partitions.map { index in
                var partition = AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult()
                partition.partitionIndex = index
                partition.partitionErrorCode =
                    code(TopicPartition(topic: topic.name, partition: PartitionIndex(index))).rawValue
                return partition
            }
            return topicResult
        }
        return result
    }
}
