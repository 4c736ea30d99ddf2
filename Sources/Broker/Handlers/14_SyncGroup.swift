/// SyncGroup (key 14, v0–5): the leader hands in the assignment, every member gets its share. v1 throttle
/// time · v3 static members · v4 flexible · v5 protocol type and name (KIP-559).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum SyncGroupHandler: RequestHandler {
    typealias Request = SyncGroupRequest
    static let effect = RequestEffect.immediate
    static let requestSize = RequestSize.carryingBytes
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    /// The first version that must say which protocol it is about.
    private static let protocolRequiredFrom: Int16 = 5

    static func handle(_ request: SyncGroupRequest, _ context: RequestContext) -> Outcome<SyncGroupResponse> {
        if context.version >= protocolRequiredFrom,
            request.protocolType == nil || request.protocolName == nil
        {
            return .now(.refusal(.inconsistentGroupProtocol))
        }
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(.refusal(.groupAuthorizationFailed))
        }
        return context.ask(request.groupID, .sync(request)) { reply in
            guard case .sync(let response) = reply else { return nil }
            return response
        } refusal: { code in
            // What was joined before the coordinator loaded is no longer waited for: join again.
            .refusal(code == .coordinatorLoadInProgress ? .rebalanceInProgress : code)
        }
    }
}
