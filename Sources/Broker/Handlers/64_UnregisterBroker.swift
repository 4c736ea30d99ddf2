/// UnregisterBroker (key 64, v0): takes a broker that is gone from the cluster (KIP-631); here there is one
/// only.
import Base
import Network
import Protocol
import Security

enum UnregisterBrokerHandler: RequestHandler {
    typealias Request = UnregisterBrokerRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let refusal =
            context.authorize(.alter, .cluster)
            ? context.administration.unregisterBroker(request.brokerID)
            : context.clusterRefusal
        var reply = Reply()
        reply.errorCode = refusal.code.rawValue
        reply.errorMessage = refusal.message
        return .now(reply)
    }
}
