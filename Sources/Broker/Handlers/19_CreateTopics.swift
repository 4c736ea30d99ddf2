/// CreateTopics (key 19, v0–7): creates topics, or only checks whether it would. v1 validate-only · v4
/// default counts by -1 · v5 flexible, answers with the configurations · v7 topic ids.
import Base
import Network
import Protocol
import Security

enum CreateTopicsHandler: RequestHandler {
    typealias Request = CreateTopicsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        // From version 5 on a topic is answered with all of its configurations.
        let configs = context.version >= 5 ? TopicSettings.rules.count * EntryBytes.config : 0
        return EntryBytes.sum(of: request.topics, limitBytes) {
            $0.name.utf8.count + EntryBytes.refusal + configs
        }
    }

    static func handle(_ request: CreateTopicsRequest, _ context: RequestContext) -> Outcome<
        CreateTopicsResponse
    > {
        // Kafka's controller gives such requests up before it begins with them.
        guard request.timeoutMs > 0 else {
            return .now(answer(request.topics.map { refusal($0.name, .outOfTime) }))
        }
        let mayCreateAll = context.sees(.create, .cluster)
        let reply = context.administration.createTopics(
            request.topics.map { NewTopic($0) }, validateOnly: request.validateOnly,
            denial: { name in
                guard !mayCreateAll, !context.authorize(.create, .topic(name)) else { return nil }
                return .notAuthorized
            },
            answer: { topics in
                answer(
                    topics.map { topic in
                        switch topic.outcome {
                        case .success(let created): success(created, context)
                        case .failure(let reason): refusal(topic.name, reason)
                        }
                    })
            })
        return .later(reply)
    }

    private static func answer(
        _ results: [CreateTopicsResponse.CreatableTopicResult]
    ) -> CreateTopicsResponse {
        var response = CreateTopicsResponse()
        response.topics = results
        return response
    }

    private static func refusal(_ name: Name, _ reason: Refusal)
        -> CreateTopicsResponse.CreatableTopicResult
    {
        var result = CreateTopicsResponse.CreatableTopicResult()
        result.name = name
        result.errorCode = reason.code.rawValue
        result.errorMessage = reason.message
        result.configs = []
        return result
    }

    private static func success(
        _ created: CreatedTopic, _ context: RequestContext
    ) -> CreateTopicsResponse.CreatableTopicResult {
        var result = CreateTopicsResponse.CreatableTopicResult()
        result.name = created.name
        result.errorMessage = nil
        result.topicID = created.id
        guard context.authorize(.describeConfigs, .topic(created.name)) else {
            result.topicConfigErrorCode = ErrorCode.topicAuthorizationFailed.rawValue
            return result
        }
        result.numPartitions = created.partitionCount
        result.replicationFactor = 1
        let configuration = context.broker.catalog.configuration
        result.configs = TopicSettings.rules.map { rule in
            var config = CreateTopicsResponse.CreatableTopicConfigs()
            let own = created.overrides[rule.name]
            config.name = rule.name
            config.value = own ?? rule.render(created.settings)
            let origin = own == nil ? configuration.origin(ofDefault: rule.key) : .topic
            config.configSource = origin.rawValue
            return config
        }
        return result
    }
}

extension Refusal {
    /// The sender may not do this to a topic.
    static let notAuthorized = Refusal(code: .topicAuthorizationFailed, message: "Authorization failed.")
}

extension NewTopic {
    /// What a CreateTopics request asks for.
    init(_ topic: CreateTopicsRequest.CreatableTopic) {
        self.init(name: topic.name)
        partitionCount = topic.numPartitions
        replicationFactor = topic.replicationFactor
        assignments = Dictionary(
            topic.assignments.map { ($0.partitionIndex, $0.brokerIDs) },
            uniquingKeysWith: { first, _ in first })
        var assigned: Set<Int32> = []
        contradictoryPartition =
            topic.assignments.first { !assigned.insert($0.partitionIndex).inserted }?.partitionIndex
        nullConfigs = topic.configs.filter { $0.value == nil }.map(\.name)
        configs = Dictionary(
            topic.configs.compactMap { config in config.value.map { (config.name, $0) } },
            uniquingKeysWith: { _, last in last })
    }
}
