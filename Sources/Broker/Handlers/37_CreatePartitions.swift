/// CreatePartitions (key 37, v0–3): gives topics more partitions, or only checks whether it would. v2
/// flexible · v3 may be throttled for changes of topics (KIP-599).
import Base
import Network
import Protocol
import Security

enum CreatePartitionsHandler: RequestHandler {
    typealias Request = CreatePartitionsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) { $0.name.utf8.count + EntryBytes.refusal }
    }

    static func handle(_ request: CreatePartitionsRequest, _ context: RequestContext) -> Outcome<
        CreatePartitionsResponse
    > {
        let reply = context.administration.createPartitions(
            request.topics.map { PartitionIncrease($0) }, validateOnly: request.validateOnly,
            hasTime: request.timeoutMs > 0,
            denial: { name in
                context.authorize(.alter, .topic(name)) ? nil : Refusal(.topicAuthorizationFailed)
            },
            answer: { topics in
                var response = CreatePartitionsResponse()
                response.results = topics.map { topic in
                    var result = CreatePartitionsResponse.CreatePartitionsTopicResult()
                    result.name = topic.topic
                    result.errorCode = (topic.refusal?.code ?? .none).rawValue
                    result.errorMessage = topic.refusal?.message
                    return result
                }
                return response
            })
        return .later(reply)
    }
}

extension PartitionIncrease {
    /// What a CreatePartitions request asks for.
    fileprivate init(_ topic: CreatePartitionsRequest.CreatePartitionsTopic) {
        self.init(topic: topic.name, count: topic.count, assignments: topic.assignments?.map(\.brokerIDs))
    }
}
