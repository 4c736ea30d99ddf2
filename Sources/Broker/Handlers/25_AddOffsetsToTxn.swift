/// AddOffsetsToTxn (key 25, v0–4): makes the offsets of a group part of a transaction. v1 throttle time · v2
/// PRODUCER_FENCED (KIP-588) · v3 flexible · v4 the same (KIP-890).
///
/// What takes part is the partition of `__consumer_offsets` that the group lives in.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum AddOffsetsToTxnHandler: RequestHandler {
    typealias Request = AddOffsetsToTxnRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    private static let fencedFrom: Int16 = 2

    static func handle(
        _ request: AddOffsetsToTxnRequest, _ context: RequestContext
    ) -> Outcome<AddOffsetsToTxnResponse> {
        let id = request.transactionalID
        guard context.authorize(.write, .transactionalID(id)) else {
            return .now(response(.transactionalIDAuthorizationFailed))
        }
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(response(.groupAuthorizationFailed))
        }
        guard let shards = context.broker.groups.existingShards() else {
            return .now(response(.coordinatorNotAvailable))
        }
        let offsets = GroupHost.shard(of: request.groupID, in: shards).partition.id
        let claim = ProducerClaim(
            id: id,
            producer: ProducerIdentity(id: ProducerID(request.producerID), epoch: request.producerEpoch))
        return context.transact(id) { _ in
            .add([offsets], claim, .v0)
        } reply: {
            response(context.code($0.code, fencedFrom: fencedFrom))
        }
    }

    private static func response(_ code: ErrorCode) -> AddOffsetsToTxnResponse {
        var response = AddOffsetsToTxnResponse()
        response.errorCode = code.rawValue
        return response
    }
}
