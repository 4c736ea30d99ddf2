/// DeleteTopics (key 20, v0–6): deletes topics by name, from v6 also by id. v1 throttle time · v4 flexible ·
/// v5 error messages.
import Base
import Network
import Protocol

enum DeleteTopicsHandler: RequestHandler {
    typealias Request = DeleteTopicsRequest
    typealias Result = DeleteTopicsResponse.DeletableTopicResult
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) { ($0.name?.utf8.count ?? 0) + EntryBytes.refusal }
            + EntryBytes.sum(of: request.topicNames, limitBytes) { $0.utf8.count + EntryBytes.refusal }
    }

    static func handle(_ request: DeleteTopicsRequest, _ context: RequestContext) -> Outcome<
        DeleteTopicsResponse
    > {
        let asked =
            context.version >= 6
            ? request.topics.map { TopicReference(name: $0.name, id: $0.topicID) }
            : request.topicNames.map { TopicReference(name: $0, id: .zero) }
        // Kafka's controller gives such requests up before it begins with them.
        guard request.timeoutMs > 0 else {
            return .now(answer(asked.map { result($0, .outOfTime) }))
        }
        let (targets, refused) = sort(asked, context)
        let reply = Deferred<DeleteTopicsResponse>()
        context.broker.catalog.delete(targets, by: context.description) { results in
            let done = zip(targets, results).map { target, result in
                switch result {
                case .success(let deleted):
                    self.result(TopicReference(name: deleted.name, id: deleted.id), nil)
                case .failure(let refusal): self.result(target, refusal)
                }
            }
            reply.complete(answer(refused + done))
        }
        return .later(
            DiskWait.limited(reply, on: context.loop) {
                answer(refused + targets.map { result($0, .outOfTime) })
            })
    }

    private static func answer(_ results: [Result]) -> DeleteTopicsResponse {
        var response = DeleteTopicsResponse()
        response.responses = results
        return response
    }

    /// What can be deleted, and the answers for what is named in no way, in two ways, or twice, and for what
    /// the sender may not delete.
    private static func sort(
        _ asked: [TopicReference], _ context: RequestContext
    ) -> (targets: [TopicReference], refused: [Result]) {
        func refuse(_ target: TopicReference, _ message: String) -> Result {
            result(target, TopicRefusal(code: .invalidRequest, message: message))
        }
        let topics = context.topics
        var refused: [Result] = []
        var counts: [TopicReference: Int] = [:]
        for target in asked {
            switch (target.name, target.id) {
            case (nil, .zero): refused.append(refuse(target, "Neither topic name nor id were specified."))
            case (nil, _), (_, .zero): counts[target, default: 0] += 1
            default:
                refused.append(refuse(target, "You may not specify both topic name and topic id."))
            }
        }
        var targets: [TopicReference] = []
        for target in asked {
            guard let count = counts.removeValue(forKey: target) else { continue }
            if count == 1 {
                if let denial = denial(of: target, topics, context) {
                    refused.append(denial)
                } else {
                    targets.append(target)
                }
            } else {
                let what = target.name == nil ? "id" : "name"
                refused.append(refuse(target, "Duplicate topic \(what)."))
            }
        }
        // Those that are named by their ids as well; Kafka then deletes them in neither way.
        let ids = Set(asked.compactMap { $0.name == nil ? $0.id : nil })
        var inBothWays: Set<TopicReference> = []
        for target in targets {
            guard let name = target.name, let id = topics[name]?.id, ids.contains(id) else { continue }
            inBothWays.formUnion([target, TopicReference(name: nil, id: id)])
            refused.append(
                refuse(
                    TopicReference(name: name, id: id),
                    "The provided topic name maps to an ID that was already supplied."))
        }
        targets.removeAll(where: inBothWays.contains)
        return (targets, refused)
    }

    /// The answer where the sender may not delete a topic: its name is told to nobody who may not see it, and
    /// that a name is not there neither.
    private static func denial(
        of target: TopicReference, _ topics: TopicDirectory, _ context: RequestContext
    ) -> Result? {
        guard !context.authorize(.delete, .cluster) else { return nil }
        let denied = TopicRefusal(code: .topicAuthorizationFailed, message: "Authorization failed.")
        guard let name = target.name else {
            guard let name = topics[target.id]?.name, !context.authorize(.delete, .topic(name)) else {
                return nil
            }
            let isVisible = context.authorize(.describe, .topic(name))
            return result(TopicReference(name: isVisible ? name : nil, id: target.id), denied)
        }
        guard context.authorize(.describe, .topic(name)) else { return result(target, denied) }
        guard topics[name] != nil, !context.authorize(.delete, .topic(name)) else { return nil }
        return result(target, denied)
    }

    private static func result(_ target: TopicReference, _ refusal: TopicRefusal?) -> Result {
        var result = Result()
        result.name = target.name
        result.topicID = target.id
        result.errorCode = (refusal?.code ?? .none).rawValue
        result.errorMessage = refusal?.message
        return result
    }
}
