/// DescribeDelegationToken (key 41, v0–3): nobody has a token without having proved who he is (KIP-48). v2
/// flexible · v3 who asked for it.
import Base
import Network
import Protocol

enum DescribeDelegationTokenHandler: RequestHandler {
    typealias Request = DescribeDelegationTokenRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        var reply = Reply()
        reply.errorCode = ErrorCode.delegationTokenRequestNotAllowed.rawValue
        return .now(reply)
    }
}
