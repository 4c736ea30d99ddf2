/// RenewDelegationToken (key 39, v0–2): nobody has a token without having proved who he is (KIP-48). v2
/// flexible.
import Base
import Network
import Protocol

enum RenewDelegationTokenHandler: RequestHandler {
    typealias Request = RenewDelegationTokenRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        var reply = Reply()
        reply.errorCode = ErrorCode.delegationTokenRequestNotAllowed.rawValue
        reply.expiryTimestampMs = -1
        return .now(reply)
    }
}
