/// CreateDelegationToken (key 38, v0–3): nobody gets a token who has not proved who he is (KIP-48). v2
/// flexible · v3 for somebody else.
import Base
import Network
import Protocol
import Security

enum CreateDelegationTokenHandler: RequestHandler {
    typealias Request = CreateDelegationTokenRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, _ in
        (request.ownerPrincipalType?.utf8.count ?? 0) + (request.ownerPrincipalName?.utf8.count ?? 0)
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let requester = context.session.principal
        let owner =
            if let name = request.ownerPrincipalName, !name.isEmpty {
                Principal(type: request.ownerPrincipalType ?? "", name: name)
            } else { requester }
        var reply = Reply()
        reply.errorCode = ErrorCode.delegationTokenRequestNotAllowed.rawValue
        (reply.principalType, reply.principalName) = (owner.type, owner.name)
        (reply.tokenRequesterPrincipalType, reply.tokenRequesterPrincipalName) = (
            requester.type, requester.name
        )
        (reply.issueTimestampMs, reply.expiryTimestampMs, reply.maxTimestampMs) = (-1, -1, -1)
        return .now(reply)
    }
}
