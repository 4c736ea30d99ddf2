/// InitProducerId (key 22, v0–5): an identity for an idempotent or transactional producer. v1 throttle time ·
/// v2 flexible · v3 the identity it had (KIP-360) · v4 PRODUCER_FENCED (KIP-588) · v5 version 2 (KIP-890).
///
/// Without a transactional id the answer is always a new id with epoch 0.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum InitProducerIDHandler: RequestHandler {
    typealias Request = InitProducerIdRequest
    /// A transactional id is decided about in the order of arrival; any other producer's id nobody else ever
    /// sees.
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    private static let fencedFrom: Int16 = 4

    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext) -> Outcome<
        InitProducerIdResponse
    > {
        if let problem = refusal(of: request, context) ?? problem(with: request) {
            return .now(failure(problem))
        }
        guard let id = request.transactionalID else { return idempotent(context) }
        let timeout = request.transactionTimeoutMs
        let claimed: ProducerIdentity? =
            request.producerID == ProducerID.none.value
            ? nil : ProducerIdentity(id: ProducerID(request.producerID), epoch: request.producerEpoch)
        return context.transact(id) { fresh in
            .initialize(id, timeoutMilliseconds: timeout, as: claimed, fresh: fresh)
        } reply: { answer in
            switch answer.producer {
            case .success(let producer): success(producer)
            case .failure(let error): failure(context.code(error.code, fencedFrom: fencedFrom))
            }
        }
    }

    private static func idempotent(_ context: RequestContext) -> Outcome<InitProducerIdResponse> {
        if let id = context.broker.producerIDs.next() {
            return .now(success(ProducerIdentity(id: id, epoch: 0)))
        }
        let reply = Deferred<InitProducerIdResponse>()
        context.broker.producerIDs.nextAfterRefill { id in
            reply.complete(
                id.map { success(ProducerIdentity(id: $0, epoch: 0)) } ?? failure(.kafkaStorageError))
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

    private static func problem(with request: InitProducerIdRequest) -> ErrorCode? {
        let hasID = request.producerID != ProducerID.none.value
        guard hasID == (request.producerEpoch != -1) else { return .invalidRequest }
        return request.transactionalID?.isEmpty == true ? .invalidRequest : nil
    }

    private static func success(_ producer: ProducerIdentity) -> InitProducerIdResponse {
        var response = InitProducerIdResponse()
        response.producerID = producer.id.value
        response.producerEpoch = producer.epoch
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
