/// Heartbeat (key 12, v0–4): a classic member says it is alive. v1 throttle time · v3 static members
/// (KIP-345) · v4 flexible.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum HeartbeatHandler: RequestHandler {
    typealias Request = HeartbeatRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: HeartbeatRequest, _ context: RequestContext) -> Outcome<HeartbeatResponse> {
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(failure(.groupAuthorizationFailed))
        }
        return context.ask(request.groupID, .heartbeat(request)) { reply in
            guard case .heartbeat(let response) = reply else { return nil }
            return response
        } refusal: { code in
            // While the coordinator loads, the member counts as alive: there is nothing it could do better.
            failure(code == .coordinatorLoadInProgress ? .none : code)
        }
    }

    private static func failure(_ code: ErrorCode) -> HeartbeatResponse {
        var response = HeartbeatResponse()
        response.errorCode = code.rawValue
        return response
    }
}
