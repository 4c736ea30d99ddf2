/// InitProducerId (key 22, v0–6): an identity for an idempotent producer. v1 throttle time · v2 flexible · v3
/// the identity it had (KIP-360) · v6 two-phase commit (KIP-939).
///
/// Without a transactional id the answer is always a new id with epoch 0.
import Base
import Network
import Protocol

enum InitProducerIDHandler {
    static func handle(_ request: InitProducerIdRequest, _ context: RequestContext) -> Outcome<
        InitProducerIdResponse
    > {
        if let id = request.transactionalID {
            // Transactions come with their coordinator; until then FindCoordinator is not served either
            // (GAPS.md).
            return .now(failure(id.isEmpty ? .invalidRequest : .coordinatorNotAvailable, context))
        }
        if let id = context.broker.producerIDs.next() { return .now(success(id, context)) }
        let reply = Deferred<InitProducerIdResponse>()
        context.broker.producerIDs.nextAfterRefill { id in
            reply.complete(id.map { success($0, context) } ?? failure(.kafkaStorageError, context))
        }
        return .later(reply)
    }

    private static func success(_ id: ProducerID, _ context: RequestContext) -> InitProducerIdResponse {
        var response = InitProducerIdResponse()
        response.throttleTimeMs = context.throttleMilliseconds
        response.producerID = id.value
        response.producerEpoch = 0
        return response
    }

    private static func failure(_ code: ErrorCode, _ context: RequestContext) -> InitProducerIdResponse {
        var response = InitProducerIdResponse()
        response.throttleTimeMs = context.throttleMilliseconds
        response.errorCode = code.rawValue
        response.producerID = ProducerID.none.value
        response.producerEpoch = -1
        return response
    }
}
