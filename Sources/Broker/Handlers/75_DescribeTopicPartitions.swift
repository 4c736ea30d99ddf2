/// DescribeTopicPartitions (key 75, v0): topics and their partitions, page by page (KIP-966).
import Base
import Network
import Protocol
import Security

enum DescribeTopicPartitionsHandler: RequestHandler {
    typealias Request = DescribeTopicPartitionsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let there = context.topics
        let most = partitionsMax(request, context)
        let partitions = min(most, there.partitionCount) * EntryBytes.partition
        guard !request.topics.isEmpty else {
            // Every topic on the page but the first has partitions there.
            let name = EntryBytes.topic + TopicNameRule.bytesMax
            return partitions + min(most + 1, there.all.count) * name
        }
        return partitions
            + EntryBytes.sum(of: request.topics, limitBytes) { EntryBytes.topic + $0.name.utf8.count }
    }

    private typealias Topic = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic

    static func handle(
        _ request: DescribeTopicPartitionsRequest, _ context: RequestContext
    ) -> Outcome<DescribeTopicPartitionsResponse> {
        var response = DescribeTopicPartitionsResponse()
        do throws(Refusal) {
            let page = try context.administration.describePage(
                of: request.topics.isEmpty ? nil : request.topics.map(\.name),
                from: request.cursor.map { PageStart(topic: $0.topicName, partition: $0.partitionIndex) },
                partitionsMax: partitionsMax(request, context),
                mayBeSeen: { context.authorize(.describe, .topic($0)) })
            response.topics = page.topics.map { answer($0, context) }
            // What stands in the way of seeing them comes last, and says nothing of what there is.
            response.topics += page.hidden.map { refusal($0, .topicAuthorizationFailed) }
            response.nextCursor = page.next.map { next in
                var cursor = DescribeTopicPartitionsResponse.Cursor()
                (cursor.topicName, cursor.partitionIndex) = (next.topic, next.partition)
                return cursor
            }
        } catch {
            response.topics = request.topics.map { refusal($0.name, error.code) }
        }
        return .now(response)
    }

    /// How many partitions the client is told of at a time.
    private static func partitionsMax(_ request: Request, _ context: RequestContext) -> Int {
        Int(max(1, min(request.responsePartitionLimit, context.broker.settings.maxPartitionsPerRequest)))
    }

    private static func refusal(_ name: Name, _ code: ErrorCode) -> Topic {
        var topic = Topic()
        topic.name = name
        topic.errorCode = code.rawValue
        return topic
    }

    private static func answer(_ entry: TopicPage.Entry, _ context: RequestContext) -> Topic {
        var answer: Topic
        switch entry {
        case .missing(let name, let reason):
            answer = refusal(name, reason.code)
            answer.isInternal = TopicName.internalNames.contains(name)
            answer.topicAuthorizedOperations = context.operationBits(.topic(name))
        case .described(let topic):
            answer = Topic()
            answer.name = topic.name
            answer.topicID = topic.id
            answer.isInternal = topic.isInternal
            answer.partitions = topic.partitions.map { .init($0, on: context.broker.nodeID) }
            answer.topicAuthorizedOperations = context.operationBits(.topic(topic.name))
        }
        return answer
    }
}

extension DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition {
    /// A partition whose only replica is on `node`.
    fileprivate init(_ partition: PartitionDescription, on node: Int32) {
        self.init()
        partitionIndex = partition.index.value
        leaderEpoch = partition.leaderEpoch.value
        replicaNodes = [node]
        // Java's admin client cannot read these where they are null.
        eligibleLeaderReplicas = []
        lastKnownElr = []
        if partition.isOffline {
            errorCode = ErrorCode.leaderNotAvailable.rawValue
            leaderID = -1
            offlineReplicas = [node]
        } else {
            leaderID = node
            isrNodes = [node]
        }
    }
}
