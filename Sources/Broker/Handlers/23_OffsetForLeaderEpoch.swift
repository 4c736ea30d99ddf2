/// OffsetForLeaderEpoch (key 23, v0–4): where a leader epoch ends, so that a client can find out whether its
/// log was cut (KIP-101, KIP-320). v1 epoch in the answer · v2 the client's own epoch, throttle time · v3
/// replica id · v4 flexible.
import Base
import Network
import Protocol
import Security
import Storage

enum OffsetForLeaderEpochHandler: RequestHandler {
    typealias Request = OffsetForLeaderEpochRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map { (TopicReference(name: $0.topic, id: .zero), $0.partitions.map(\.partition)) }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.topic, $0.partitions.count, of: EntryBytes.offset)
        }
    }

    static func handle(
        _ request: OffsetForLeaderEpochRequest, _ context: RequestContext
    ) -> Outcome<OffsetForLeaderEpochResponse> {
        let topics = context.topics
        // Followers ask with the right of brokers, clients with that of who sees the topic (KIP-320).
        let isBroker = context.authorize(.clusterAction, .cluster)
        var response = OffsetForLeaderEpochResponse()
        response.topics = request.topics.map { asked in
            var answer = OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult()
            answer.topic = asked.topic
            guard isBroker || context.authorize(.describe, .topic(asked.topic)) else {
                answer.partitions = asked.partitions.map { refuse($0, .topicAuthorizationFailed) }
                return answer
            }
            answer.partitions = asked.partitions.map { look(up: $0, in: topics[asked.topic]) }
            return answer
        }
        return .now(response)
    }

    private static func refuse(
        _ asked: OffsetForLeaderEpochRequest.OffsetForLeaderPartition, _ code: ErrorCode
    ) -> OffsetForLeaderEpochResponse.EpochEndOffset {
        var answer = OffsetForLeaderEpochResponse.EpochEndOffset()
        answer.partition = asked.partition
        answer.errorCode = code.rawValue
        return answer
    }

    private static func look(
        up asked: OffsetForLeaderEpochRequest.OffsetForLeaderPartition, in topic: Topic?
    ) -> OffsetForLeaderEpochResponse.EpochEndOffset {
        guard let partition = topic?.partition(asked.partition) else {
            return refuse(asked, .unknownTopicOrPartition)
        }
        guard let log = partition.log else { return refuse(asked, .kafkaStorageError) }
        if let code = LeaderEpochCheck.problem(asked.currentLeaderEpoch, log.bounds.leaderEpoch) {
            return refuse(asked, code)
        }
        var answer = OffsetForLeaderEpochResponse.EpochEndOffset()
        answer.partition = asked.partition
        if let end = log.endOffset(forEpoch: LeaderEpoch(asked.leaderEpoch)) {
            answer.leaderEpoch = end.epoch.value
            answer.endOffset = end.offset.value
        }
        return answer
    }
}
