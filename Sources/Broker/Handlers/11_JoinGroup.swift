/// JoinGroup (key 11, v0–9): a member enters its group and waits for the round to begin. v1 rebalance timeout
/// · v2 throttle time · v4 member id required (KIP-394) · v5 static members · v6 flexible · v7 protocol type
/// · v8 reason · v9 the leader may skip the assignment (KIP-814).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum JoinGroupHandler: RequestHandler {
    typealias Request = JoinGroupRequest
    static let effect = RequestEffect.immediate
    static let requestSize = RequestSize.carryingBytes
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: JoinGroupRequest, _ context: RequestContext) -> Outcome<JoinGroupResponse> {
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(finished(.refusal(.groupAuthorizationFailed, memberID: ""), context))
        }
        let ask = GroupRequest.join(
            request, version: context.version, from: context.groupClient,
            freshID: UUID.random())
        // A member that waits longer than half its session would be taken for dead by its own client.
        let patience = Duration.milliseconds(max(0, request.sessionTimeoutMs / 2))
        return context.ask(request.groupID, ask, holdFor: min(ShardLimits.holdTime, patience)) { reply in
            guard case .join(let response) = reply else { return nil }
            return finished(response, context)
        } refusal: { code in
            finished(.refusal(code, memberID: request.memberID), context)
        }
    }

    /// The first version in which there may be no protocol.
    private static let nullProtocolFrom: Int16 = 7

    private static func finished(_ response: JoinGroupResponse, _ context: RequestContext)
        -> JoinGroupResponse
    {
        var response = response
        if context.version < nullProtocolFrom { response.protocolName = response.protocolName ?? "" }
        return response
    }
}
