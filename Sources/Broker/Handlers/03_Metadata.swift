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
        let (missing, refusals) = asked.missing(context)
        let reply = Deferred<MetadataResponse>()
        if missing.isEmpty {
            guard asked.count(context) > topicsMax else {
                return .now(response(to: asked, request, context, refusals))
            }
            context.broker.sockets.pool.run {
                reply.complete(response(to: asked, request, context, refusals))
            }
            return .later(reply)
        }
        context.broker.catalog.create(
            missing.map { NewTopic(missing: $0, context.broker.settings) }, by: context.description,
            validateOnly: false
        ) { results in
            var refusals = refusals
            for (name, result) in zip(missing, results) {
                if case .failure(let refusal) = result { refusals[name] = refusal.code }
            }
            reply.complete(response(to: asked, request, context, refusals))
        }
        return .later(
            DiskWait.limited(reply, on: context.loop) {
                // What is not there yet is what it was before it was asked for.
                response(to: asked, request, context, refusals)
            })
    }

    /// So many topics are told on the loop, which is some tenths of a millisecond; more of them beside it, as
    /// its other clients would wait.
    private static let topicsMax = 500

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

        /// How many they are.
        func count(_ context: RequestContext) -> Int {
            switch self {
            case .all: context.topics.all.count
            case .some(let topics, _): topics.count
            }
        }

        /// The names that do not exist and are to be created, and those that the sender may not create.
        func missing(_ context: RequestContext) -> (creatable: [Name], refusals: [Name: ErrorCode]) {
            guard case .some(let topics, mayCreate: true) = self,
                context.broker.configuration.settings.autoCreateTopics
            else { return ([], [:]) }
            let existing = context.topics
            let missing = topics.compactMap(\.topicName).filter {
                existing[$0] == nil && context.authorize(.describe, .topic($0))
            }
            guard !missing.isEmpty else { return ([], [:]) }
            let mayCreateAll = context.authorize(.create, .cluster)
            var creatable: [Name] = []
            var refusals: [Name: ErrorCode] = [:]
            for name in missing {
                if !mayCreateAll, !context.authorize(.create, .topic(name)) {
                    refusals[name] = .topicAuthorizationFailed
                } else if name != TopicName.clusterMetadata, TopicName.problem(with: name) == nil {
                    creatable.append(name)
                }
            }
            return (creatable, refusals)
        }
    }

    private static func response(
        to asked: Asked, _ request: MetadataRequest, _ context: RequestContext,
        _ refusals: [Name: ErrorCode]
    ) -> MetadataResponse {
        let broker = context.broker
        let address = broker.advertisedAddress(for: context)
        var response = MetadataResponse()
        var node = MetadataResponse.MetadataResponseBroker()
        node.nodeID = broker.nodeID
        (node.host, node.port) = address
        node.rack = broker.rack
        response.brokers = [node]
        response.clusterID = broker.clusterID
        response.controllerID = broker.nodeID
        if request.includeClusterAuthorizedOperations {
            response.clusterAuthorizedOperations = context.clusterOperationBits
        }
        let topics = context.topics
        switch asked {
        case .all:
            response.topics = topics.inOrder.filter { context.authorize(.describe, .topic($0.name)) }
                .map { describe($0, request, context) }
        case .some(let wanted, _):
            response.topics = wanted.map { wanted in
                let topic = find(wanted, in: topics)
                if let name = topic?.name ?? wanted.topicName, !context.authorize(.describe, .topic(name)) {
                    return hidden(wanted)
                }
                if let topic { return describe(topic, request, context) }
                return failure(wanted, request, refusals, context)
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

    /// What is told of a topic that the sender may not see, there or not: an id is no secret, a name is.
    private static func hidden(
        _ wanted: MetadataRequest.MetadataRequestTopic
    ) -> MetadataResponse.MetadataResponseTopic {
        var topic = MetadataResponse.MetadataResponseTopic()
        topic.name = wanted.topicName
        topic.topicID = wanted.topicID
        topic.errorCode = ErrorCode.topicAuthorizationFailed.rawValue
        return topic
    }

    private static func failure(
        _ wanted: MetadataRequest.MetadataRequestTopic, _ request: MetadataRequest,
        _ refusals: [Name: ErrorCode], _ context: RequestContext
    ) -> MetadataResponse.MetadataResponseTopic {
        var topic = MetadataResponse.MetadataResponseTopic()
        topic.name = wanted.topicName
        topic.topicID = wanted.topicID
        if let name = wanted.topicName {
            let isValid = TopicName.problem(with: name) == nil
            let code = refusals[name] ?? (isValid ? .unknownTopicOrPartition : .invalidTopicException)
            topic.errorCode = code.rawValue
            if code == .topicAuthorizationFailed {
                topic.isInternal = TopicName.internalNames.contains(name)
            } else if request.includeTopicAuthorizedOperations {
                topic.topicAuthorizedOperations = context.operationBits(.topic(name))
            }
        } else {
            topic.errorCode = ErrorCode.unknownTopicID.rawValue
        }
        return topic
    }

    private static func describe(
        _ topic: Topic, _ request: MetadataRequest, _ context: RequestContext
    ) -> MetadataResponse.MetadataResponseTopic {
        let node = context.broker.nodeID
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
            answer.topicAuthorizedOperations = context.operationBits(.topic(topic.name))
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
