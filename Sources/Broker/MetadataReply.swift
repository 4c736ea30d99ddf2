// The reply to Metadata. All topics of a large cluster are written straight from the directory, one after
// another in a value that is used again: as values of a message they would take several times their bytes.
internal import Base
internal import Network
internal import Protocol
internal import Security

/// A reply to Metadata.
struct MetadataReply: Sendable {
    /// The message, with the topics that were asked for by name or id.
    var body: MetadataResponse
    /// Nil where some topics were asked for.
    private let all: DescribedTopics?

    /// A reply that tells of `all` topics, or else of those in `body`.
    init(_ body: MetadataResponse, _ all: DescribedTopics? = nil) {
        self.body = body
        self.all = all
    }

    /// The frame; on the pool where it is large.
    consuming func outbound(answering header: RequestHeader) throws(WireError) -> OutboundReply {
        guard let all else { return OutboundReply(try body.frame(answering: header).bytes) }
        let topics = try all.written(version: header.requestAPIVersion)
        let frame = try body.frame(answering: header, with: topics)
        let cut = frame.cuts[0].position
        return OutboundReply(
            [.bytes(Array(frame.bytes[..<cut]))] + topics.pieces.map { .bytes($0) }
                + [.bytes(Array(frame.bytes[cut...]))])
    }
}

/// Topics as they are told to one client.
struct DescribedTopics: Sendable {
    private typealias PartitionAnswer = MetadataResponse.MetadataResponsePartition

    private let topics: TopicDirectory
    private let context: RequestContext
    private let tellsOperations: Bool
    /// The only replica of each partition.
    private let replicas: [Int32]

    /// The topics of a directory, for whoever sent `request`.
    init(_ topics: TopicDirectory, _ request: MetadataRequest, _ context: RequestContext) {
        self.topics = topics
        self.context = context
        tellsOperations = request.includeTopicAuthorizedOperations
        replicas = [context.broker.nodeID]
    }

    /// What is told of `topic`.
    func describe(_ topic: Topic) -> MetadataResponse.MetadataResponseTopic {
        var answer = MetadataResponse.MetadataResponseTopic()
        describe(topic, in: &answer)
        return answer
    }

    /// All topics that the client may see, by their names.
    fileprivate func written(version: Int16) throws(WireError) -> ExternalElements {
        var writer = try MetadataResponse.topicsWriter(version: version)
        var answer = MetadataResponse.MetadataResponseTopic()
        for topic in topics.inOrder where context.sees(.describe, .topic(topic.name)) {
            describe(topic, in: &answer)
            try MetadataResponse.write(&answer, with: &writer)
        }
        return writer.finish()
    }

    /// Makes `answer`, which may tell of another topic, tell of this one.
    private func describe(_ topic: Topic, in answer: inout MetadataResponse.MetadataResponseTopic) {
        answer.name = topic.name
        answer.topicID = topic.id
        answer.isInternal = topic.isInternal
        let count = topic.partitions.count
        if answer.partitions.count > count { answer.partitions.removeLast(answer.partitions.count - count) }
        while answer.partitions.count < count { answer.partitions.append(PartitionAnswer()) }
        for number in 0..<count { describe(topic.partitions[number], in: &answer.partitions[number]) }
        if tellsOperations { answer.topicAuthorizedOperations = context.operationBits(.topic(topic.name)) }
    }

    private func describe(_ partition: Partition, in answer: inout PartitionAnswer) {
        answer.partitionIndex = partition.id.partition.value
        answer.leaderEpoch = partition.leaderEpoch.value
        let isOffline = partition.isOffline
        answer.errorCode = (isOffline ? ErrorCode.leaderNotAvailable : .none).rawValue
        answer.leaderID = isOffline ? -1 : replicas[0]
        // An array that is written has to be its message's own, and most are as they were.
        if answer.replicaNodes.isEmpty { answer.replicaNodes = replicas }
        if isOffline != answer.isrNodes.isEmpty || isOffline == answer.offlineReplicas.isEmpty {
            (answer.isrNodes, answer.offlineReplicas) = isOffline ? ([], replicas) : (replicas, [])
        }
    }
}
