/// Metadata (key 3, v0–13): brokers and topics. v1 controller, null means all topics · v2 cluster id · v4
/// auto-creation is a flag · v5 offline replicas · v7 leader epochs · v8 authorized operations · v9 flexible
/// · v10 topic ids · v12 topics by id · v13 top-level error.
import Base
import Network
import Protocol
internal import Storage

enum MetadataHandler: RequestHandler {
    typealias Request = MetadataRequest
    /// It may create topics.
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        request.replyBytes(context, limitBytes)
    }

    static func handle(_ request: MetadataRequest, _ context: RequestContext) -> Outcome<MetadataResponse> {
        if let topics = request.topics, let code = problem(with: topics, version: context.version) {
            return .now(refusal(of: topics, code))
        }
        let asked = Asked(request, version: context.version)
        let missing = asked.creatable(context)
        guard !missing.isEmpty else { return .now(response(to: asked, request, context)) }
        let reply = Deferred<MetadataResponse>()
        context.broker.catalog.create(
            missing.map { NewTopic(missing: $0, context.broker.settings) }, by: context.description,
            validateOnly: false
        ) { results in
            let refusals = Dictionary(
                zip(missing, results).compactMap { name, result in
                    if case .failure(let refusal) = result { (name, refusal.code) } else { nil }
                }, uniquingKeysWith: { first, _ in first })
            reply.complete(response(to: asked, request, context, refusals: refusals))
        }
        return .later(
            DiskWait.limited(reply, on: context.loop) {
                // What is not there yet is what it was before it was asked for.
                response(to: asked, request, context)
            })
    }

    /// The topics that a request is about.
    private enum Asked: Sendable {
        case all
        case some([MetadataRequest.MetadataRequestTopic], mayCreate: Bool)

        init(_ request: MetadataRequest, version: Int16) {
            guard let topics = request.topics, version > 0 || !topics.isEmpty else {
                self = .all  // v0 has no null array: an empty one means all topics
                return
            }
            // Each once; and names beside ids do not count.
            var seen: Set<TopicReference> = []
            let isByID = topics.contains { $0.topicID != .zero }
            let once = topics.filter { topic in
                let reference = TopicReference(name: topic.topicName, id: topic.topicID)
                return (topic.topicName == nil) == isByID && seen.insert(reference).inserted
            }
            self = .some(once, mayCreate: version < 4 || request.allowAutoTopicCreation)
        }

        /// The names that do not exist and are to be created.
        func creatable(_ context: RequestContext) -> [Name] {
            guard case .some(let topics, mayCreate: true) = self, context.broker.settings.autoCreateTopics
            else { return [] }
            let existing = context.topics
            var seen: Set<Name> = []
            return topics.compactMap(\.topicName).filter { name in
                existing[name] == nil && name != TopicName.clusterMetadata
                    && TopicName.problem(with: name) == nil && seen.insert(name).inserted
                    && context.authorize(.create, .topic(name))
            }
        }
    }

    private static func response(
        to asked: Asked, _ request: MetadataRequest, _ context: RequestContext,
        refusals: [Name: ErrorCode] = [:]
    ) -> MetadataResponse {
        let broker = context.broker
        let address = broker.advertisedAddress(for: context)
        var response = MetadataResponse()
        var node = MetadataResponse.MetadataResponseBroker()
        node.nodeID = broker.settings.nodeID
        (node.host, node.port) = address
        node.rack = broker.settings.rack.map { Name($0) }
        response.brokers = [node]
        response.clusterID = broker.clusterID
        response.controllerID = broker.settings.nodeID
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = Resource.cluster.operationBits
        }
        let topics = context.topics
        switch asked {
        case .all:
            response.topics = topics.all.sorted { $0.name < $1.name }.map { describe($0, request, context) }
        case .some(let wanted, _):
            response.topics = wanted.map { wanted in
                if let topic = find(wanted, in: topics) { return describe(topic, request, context) }
                return failure(wanted, request, refusals)
            }
        }
        return response
    }

    /// The first version that can ask by id; those before it have room for ids, but cannot.
    private static let idsFrom: Int16 = 12

    /// Why topics cannot be asked for like this; nil where they can.
    private static func problem(
        with topics: [MetadataRequest.MetadataRequestTopic], version: Int16
    ) -> ErrorCode? {
        let hasID = topics.contains { $0.topicID != .zero }
        let lacksName = topics.contains { $0.name == nil }
        if version < idsFrom { return hasID || lacksName ? .invalidRequest : nil }
        return lacksName && !hasID ? .unknownServerError : nil
    }

    /// Says so of every topic.
    private static func refusal(
        of topics: [MetadataRequest.MetadataRequestTopic], _ code: ErrorCode
    ) -> MetadataResponse {
        var response = MetadataResponse()
        response.controllerID = -1
        response.errorCode = code.rawValue
        response.topics = topics.map { wanted in
            var topic = MetadataResponse.MetadataResponseTopic()
            topic.name = wanted.name ?? ""
            topic.topicID = wanted.topicID
            topic.errorCode = code.rawValue
            return topic
        }
        return response
    }

    private static func find(_ wanted: MetadataRequest.MetadataRequestTopic, in topics: TopicDirectory)
        -> Topic?
    {
        if let name = wanted.topicName { topics[name] } else { topics[wanted.topicID] }
    }

    private static func failure(
        _ wanted: MetadataRequest.MetadataRequestTopic, _ request: MetadataRequest,
        _ refusals: [Name: ErrorCode]
    ) -> MetadataResponse.MetadataResponseTopic {
        var topic = MetadataResponse.MetadataResponseTopic()
        topic.name = wanted.topicName
        topic.topicID = wanted.topicID
        if let name = wanted.topicName {
            let isValid = TopicName.problem(with: name) == nil
            topic.errorCode =
                (isValid ? refusals[name] ?? .unknownTopicOrPartition : .invalidTopicException).rawValue
            if request.includeTopicAuthorizedOperations {
                topic.topicAuthorizedOperations = Resource.topic(name).operationBits
            }
        } else {
            topic.errorCode = ErrorCode.unknownTopicID.rawValue
        }
        return topic
    }

    private static func describe(
        _ topic: Topic, _ request: MetadataRequest, _ context: RequestContext
    ) -> MetadataResponse.MetadataResponseTopic {
        let node = context.broker.settings.nodeID
        var answer = MetadataResponse.MetadataResponseTopic()
        answer.name = topic.name
        answer.topicID = topic.id
        answer.isInternal = topic.isInternal
        answer.partitions = topic.partitions.map { partition in
            var state = MetadataResponse.MetadataResponsePartition()
            state.partitionIndex = partition.id.partition.value
            state.leaderEpoch = partition.leaderEpoch.value
            state.replicaNodes = [node]
            if partition.isOffline {
                state.errorCode = ErrorCode.leaderNotAvailable.rawValue
                state.leaderID = -1
                state.offlineReplicas = [node]
            } else {
                state.leaderID = node
                state.isrNodes = [node]
            }
            return state
        }
        if request.includeTopicAuthorizedOperations {
            answer.topicAuthorizedOperations = Resource.topic(topic.name).operationBits
        }
        return answer
    }
}

extension MetadataRequest {
    fileprivate func replyBytes(_ context: RequestContext, _ limitBytes: Int) -> Int {
        let topics = context.topics
        guard let asked = self.topics, context.version > 0 || !asked.isEmpty else {
            return EntryBytes.sum(of: topics.all, limitBytes) { $0.describedBytes }
        }
        var seen: Set<Name> = []
        return EntryBytes.sum(of: asked, limitBytes) { wanted in
            // A topic that is named twice is described once.
            if asked.count > 1, let name = wanted.name, !seen.insert(name).inserted { return 0 }
            let topic = wanted.topicID == .zero ? wanted.name.flatMap { topics[$0] } : topics[wanted.topicID]
            return topic?.describedBytes ?? EntryBytes.topic + (wanted.name?.utf8.count ?? 0)
        }
    }
}

extension MetadataRequest.MetadataRequestTopic {
    /// The name that is asked for; nil where the topic is named by its id, beside which clients leave the
    /// name null or empty.
    fileprivate var topicName: Name? { topicID == .zero ? name ?? "" : nil }
}
