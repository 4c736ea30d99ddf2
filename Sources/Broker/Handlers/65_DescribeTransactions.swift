/// DescribeTransactions (key 65, v0): the state of transactional ids (KIP-664).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum DescribeTransactionsHandler: RequestHandler {
    typealias Request = DescribeTransactionsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let shards = context.broker.transactions.existingShards() ?? []
        return EntryBytes.sum(of: request.transactionalIDs, limitBytes) { id in
            guard !shards.isEmpty else { return EntryBytes.topic + id.utf8.count }
            return TransactionHost.shard(of: id, in: shards).inspect { $0.describedBytes(id) }
                ?? EntryBytes.topic
        }
    }

    static func handle(
        _ request: DescribeTransactionsRequest, _ context: RequestContext
    ) -> Outcome<DescribeTransactionsResponse> {
        let ids = request.transactionalIDs
        let reply = context.administration.describeTransactions(
            ids,
            denial: { id in
                context.authorize(.describe, .transactionalID(id)) ? nil : .transactionalIDAuthorizationFailed
            },
            answer: { results in
                var response = DescribeTransactionsResponse()
                response.transactionStates = zip(ids, results).map { state($0, $1, context) }
                return response
            })
        return .later(reply)
    }

    private static func state(
        _ id: Name, _ result: Result<DescribedTransaction, Refusal>, _ context: RequestContext
    ) -> DescribeTransactionsResponse.TransactionState {
        var state = DescribeTransactionsResponse.TransactionState()
        state.transactionalID = id
        switch result {
        case .failure(let refusal): state.errorCode = refusal.code.rawValue
        case .success(let described):
            let entry = described.entry
            state.transactionState = entry.state.name
            state.transactionTimeoutMs = entry.timeoutMilliseconds
            state.transactionStartTimeMs = entry.started.milliseconds
            state.producerID = entry.producer.id.value
            state.producerEpoch = entry.producer.epoch
            // Topics that the sender may not see are left out.
            state.topics = entry.partitions.byTopic.compactMap { name, indexes in
                guard context.sees(.describe, .topic(name)) else { return nil }
                var topic = DescribeTransactionsResponse.TopicData()
                (topic.topic, topic.partitions) = (name, indexes)
                return topic
            }
        }
        return state
    }
}
