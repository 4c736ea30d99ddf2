/// Metadata (key 3, v0–13): brokers and topics. v1 controller, null means all topics · v2 cluster id · v4
/// auto-creation is a flag · v5 offline replicas · v7 leader epochs · v8 authorized operations · v9 flexible
/// · v10 topic ids · v12 topics by id · v13 top-level error.
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum MetadataHandler: RequestHandler {
    typealias Request = MetadataRequest
    typealias Reply = MetadataReply
    /// It may create topics.
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        request.replyBytes(context, limitBytes)
    }

    static func setThrottleTime(_ milliseconds: Int32, in reply: inout MetadataReply) {
        reply.body.throttleTimeMs = milliseconds
    }

    static func encode(
        _ reply: consuming MetadataReply, answering header: RequestHeader
    ) throws(WireError) -> OutboundReply {
        try reply.outbound(answering: header)
    }

    static func handle(_ request: MetadataRequest, _ context: RequestContext) -> Outcome<MetadataReply> {
        if let topics = request.topics, let code = problem(with: topics, version: context.version) {
            return .now(MetadataReply(refusal(of: topics, code)))
        }
        let asked = Asked(request, version: context.version)
        let (missing, refusals) = asked.missing(context)
        guard !missing.isEmpty else { return .now(reply(to: asked, request, context, refusals)) }
        let created = Deferred<MetadataReply>()
        context.broker.catalog.create(
            missing.map { NewTopic(missing: $0, context.broker.settings) }, by: context.description,
            validateOnly: false
        ) { results in
            var refusals = refusals
            for (name, result) in zip(missing, results) {
                if case .failure(let refusal) = result { refusals[name] = refusal.code }
            }
            created.complete(reply(to: asked, request, context, refusals))
        }
        return .later(
            DiskWait.limited(created, on: context.loop) {
                // What is not there yet is what it was before it was asked for.
                reply(to: asked, request, context, refusals)
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
            let mayCreateAll = context.sees(.create, .cluster)
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

    private static func reply(
        to asked: Asked, _ request: MetadataRequest, _ context: RequestContext,
        _ refusals: [Name: ErrorCode]
    ) -> MetadataReply {
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
        let description = DescribedTopics(topics, request, context)
        guard case .some(let wanted, _) = asked else { return MetadataReply(response, description) }
        response.topics = wanted.map { wanted in
            let topic = find(wanted, in: topics)
            if let name = topic?.name ?? wanted.topicName, !context.authorize(.describe, .topic(name)) {
                return hidden(wanted)
            }
            if let topic { return description.describe(topic) }
            return failure(wanted, request, refusals, context)
        }
        return MetadataReply(response)
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
}

extension MetadataRequest {
    fileprivate func replyBytes(_ context: RequestContext, _ limitBytes: Int) -> Int {
        let topics = context.topics
        guard let asked = self.topics, context.version > 0 || !asked.isEmpty else {
            return topics.describedBytes
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
