/// InitProducerId (key 22, v0–6): an identity for an idempotent producer. v1 throttle time · v2 flexible · v3
/// the identity it had (KIP-360) · v6 two-phase commit (KIP-939).
///
/// Without a transactional id the answer is always a new id with epoch 0.
import Base
import Network
import Protocol

enum InitProducerIDHandler: RequestHandler {
    typealias Request = InitProducerIdRequest
    /// Nobody else ever sees the id that it takes.
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext) -> Outcome<
        InitProducerIdResponse
    > {
        if let problem = refusal(of: request, context) ?? problem(with: request) {
            return .now(failure(problem))
        }
        if let id = context.broker.producerIDs.next() { return .now(success(id)) }
        let reply = Deferred<InitProducerIdResponse>()
        context.broker.producerIDs.nextAfterRefill { id in
            reply.complete(id.map { success($0) } ?? failure(.kafkaStorageError))
        }
        return .later(DiskWait.limited(reply, on: context.loop) { failure(.requestTimedOut) })
    }

    private static func refusal(of request: InitProducerIdRequest, _ context: RequestContext) -> ErrorCode? {
        if let id = request.transactionalID {
            return context.authorize(.write, .transactionalID(id)) ? nil : .transactionalIDAuthorizationFailed
        }
        // Who may write anywhere may do so idempotently (KIP-679).
        let isAllowed =
            context.authorize(.idempotentWrite, .cluster)
            || context.broker.authorizer.allowsForSomeTopic(.write, for: context.session)
        return isAllowed ? nil : .clusterAuthorizationFailed
    }

    /// The longest that a transaction may be told to take: Kafka's default for `transaction.max.timeout.ms`.
    private static let transactionTimeoutMaxMs: Int32 = 900_000

    private static func problem(with request: InitProducerIdRequest) -> ErrorCode? {
        let hasID = request.producerID != ProducerID.none.value
        guard hasID == (request.producerEpoch != -1) else { return .invalidRequest }
        guard let transactionalID = request.transactionalID else { return nil }
        guard !transactionalID.isEmpty else { return .invalidRequest }
        guard (1...transactionTimeoutMaxMs).contains(request.transactionTimeoutMs) else {
            return .invalidTransactionTimeout
        }
        // There is no coordinator of transactions yet (GAPS.md), which FindCoordinator says too.
        return .coordinatorNotAvailable
    }

    private static func success(_ id: ProducerID) -> InitProducerIdResponse {
        var response = InitProducerIdResponse()
        response.producerID = id.value
        response.producerEpoch = 0
        return response
    }

    private static func failure(_ code: ErrorCode) -> InitProducerIdResponse {
        var response = InitProducerIdResponse()
        response.errorCode = code.rawValue
        response.producerID = ProducerID.none.value
        response.producerEpoch = -1
        return response
    }
}
