/// DeleteTopics (key 20, v0–6): deletes topics by name, from v6 also by id. v1 throttle time · v4 flexible ·
/// v5 error messages.
import Base
import Network
import Protocol
import Security

enum DeleteTopicsHandler: RequestHandler {
    typealias Request = DeleteTopicsRequest
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
            return .now(answer(asked.map { TopicDeletion(topic: $0, refusal: .outOfTime) }))
        }
        let reply = context.administration.deleteTopics(
            asked, denial: { denial(of: $0, $1, context) }, answer: answer)
        return .later(reply)
    }

    @Sendable private static func answer(_ deletions: [TopicDeletion]) -> DeleteTopicsResponse {
        var response = DeleteTopicsResponse()
        response.responses = deletions.map { deletion in
            var result = DeleteTopicsResponse.DeletableTopicResult()
            result.name = deletion.topic.name
            result.topicID = deletion.topic.id
            result.errorCode = (deletion.refusal?.code ?? .none).rawValue
            result.errorMessage = deletion.refusal?.message
            return result
        }
        return response
    }

    /// The answer where the sender may not delete a topic: its name is told to nobody who may not see it, and
    /// that a name is not there neither.
    private static func denial(
        of target: TopicReference, _ topics: TopicDirectory, _ context: RequestContext
    ) -> TopicDeletion? {
        guard !context.authorize(.delete, .cluster) else { return nil }
        let denied = TopicDeletion(topic: target, refusal: .notAuthorized)
        guard let name = target.name else {
            guard let name = topics[target.id]?.name, !context.authorize(.delete, .topic(name)) else {
                return nil
            }
            let isVisible = context.authorize(.describe, .topic(name))
            let told = TopicReference(name: isVisible ? name : nil, id: target.id)
            return TopicDeletion(topic: told, refusal: .notAuthorized)
        }
        guard context.authorize(.describe, .topic(name)) else { return denied }
        guard topics[name] != nil, !context.authorize(.delete, .topic(name)) else { return nil }
        return denied
    }
}
