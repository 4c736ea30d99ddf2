/// EndTxn (key 26, v0–5): commits or aborts a transaction. v1 throttle time · v2 PRODUCER_FENCED (KIP-588) ·
/// v3 flexible · v4 TRANSACTION_ABORTABLE · v5 version 2, whose end raises the epoch (KIP-890).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum EndTxnHandler: RequestHandler {
    typealias Request = EndTxnRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    private static let fencedFrom: Int16 = 2
    /// The first version of clients that speak version 2.
    private static let raisingFrom: Int16 = 5

    static func handle(_ request: EndTxnRequest, _ context: RequestContext) -> Outcome<EndTxnResponse> {
        let id = request.transactionalID
        guard context.authorize(.write, .transactionalID(id)) else {
            return .now(failure(.transactionalIDAuthorizationFailed))
        }
        let claim = ProducerClaim(
            id: id,
            producer: ProducerIdentity(id: ProducerID(request.producerID), epoch: request.producerEpoch))
        let outcome: TransactionOutcome = request.committed ? .commit : .abort
        let version: TransactionVersion = context.version >= raisingFrom ? .v2 : .v0
        return context.transact(id) { fresh in
            .end(claim, outcome, version, fresh: fresh)
        } reply: { answer in
            switch answer.producer {
            case .success(let producer):
                var response = EndTxnResponse()
                response.producerID = producer.id.value
                response.producerEpoch = producer.epoch
                return response
            case .failure(let error): return failure(context.code(error.code, fencedFrom: fencedFrom))
            }
        }
    }

    private static func failure(_ code: ErrorCode) -> EndTxnResponse {
        var response = EndTxnResponse()
        response.errorCode = code.rawValue
        return response
    }
}
