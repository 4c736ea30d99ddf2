/// DeleteTopics (key 20, v0–6): deletes topics by name, from v6 also by id. v1 throttle time · v4 flexible ·
/// v5 error messages.
import Base
import Network
import Protocol

enum DeleteTopicsHandler {
    static func handle(_ request: DeleteTopicsRequest, _ context: RequestContext) -> Outcome<
        DeleteTopicsResponse
    > {
        let targets =
            context.version >= 6
            ? request.topics.map { TopicReference(name: $0.name, id: $0.topicID) }
            : request.topicNames.map { TopicReference(name: $0, id: .zero) }
        let reply = Deferred<DeleteTopicsResponse>()
        context.broker.catalog.delete(targets, by: context.description) { results in
            var response = DeleteTopicsResponse()
            response.throttleTimeMs = context.throttleMilliseconds
            response.responses = zip(targets, results).map { target, result in
                var answer = DeleteTopicsResponse.DeletableTopicResult()
                answer.name = target.name
                answer.topicID = target.id
                switch result {
                case .success(let deleted):
                    answer.name = deleted.name
                    answer.topicID = deleted.id
                case .failure(let refusal):
                    answer.errorCode = refusal.code.rawValue
                    answer.errorMessage = refusal.message
                }
                return answer
            }
            reply.complete(response)
        }
        return .later(reply)
    }
}
