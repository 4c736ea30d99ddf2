/// ConsumerGroupHeartbeat (key 68, v0–1): a member of a consumer group comes, goes, says what it wants and
/// has, and is told what it shall have (KIP-848). v1 regular expressions, and members name themselves.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum ConsumerGroupHeartbeatHandler: RequestHandler {
    typealias Request = ConsumerGroupHeartbeatRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .small

    typealias Response = ConsumerGroupHeartbeatResponse

    static func handle(
        _ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext
    ) -> Outcome<Response> {
        guard context.broker.catalog.servesConsumerGroups else { return .now(failure(.unsupportedVersion)) }
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(failure(.groupAuthorizationFailed))
        }
        guard request.subscribedTopicNames?.allSatisfy({ context.authorize(.describe, .topic($0)) }) != false
        else {
            return .now(failure(.topicAuthorizationFailed))
        }
        let beat = ConsumerHeartbeat(
            request, version: context.version, from: context.groupClient,
            freshID: UUID.random())
        return context.ask(request.groupID, .consumerHeartbeat(beat)) { reply in
            guard case .consumerHeartbeat(let response) = reply else { return nil }
            return response
        } refusal: { code in
            failure(code)
        }
    }

    private static func failure(_ code: ErrorCode) -> Response {
        var response = Response()
        response.errorCode = code.rawValue
        return response
    }
}
