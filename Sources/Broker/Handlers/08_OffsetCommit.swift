/// OffsetCommit (key 8, v0–10): stores how far a group has read. v1 member and generation · v2 retention for
/// a while (until v4) · v3 throttle time · v6 leader epoch · v7 static members · v8 flexible · v9 KIP-848 ·
/// v10 topic ids.
///
/// Partitions that do not exist are refused here, so that the coordinator sees only what it can store.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum OffsetCommitHandler: RequestHandler {
    typealias Request = OffsetCommitRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.code)
        }
    }

    /// The first version that names topics by their ids.
    private static let topicIDsFrom: Int16 = 10
    typealias Topic = OffsetCommitResponse.OffsetCommitResponseTopic

    static func handle(_ request: OffsetCommitRequest, _ context: RequestContext) -> Outcome<
        OffsetCommitResponse
    > {
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(.refusal(.groupAuthorizationFailed, of: request))
        }
        let (accepted, refused) = sort(request, context)
        guard !accepted.topics.isEmpty else {
            return .now(merge(OffsetCommitResponse(), refused))
        }
        return context.ask(accepted.groupID, .commitOffsets(accepted, version: context.version)) { reply in
            guard case .commitOffsets(let response) = reply else { return nil }
            return merge(response, refused)
        } refusal: { code in
            merge(.refusal(code, of: accepted), refused)
        }
    }

    /// The request with what can be committed, and the answers for the rest.
    private static func sort(
        _ request: OffsetCommitRequest, _ context: RequestContext
    ) -> (OffsetCommitRequest, [Topic]) {
        let topics = context.topics
        var accepted = request
        accepted.topics = []
        var refused = TopicsTogether<TopicReference, Topic>()
        let usesIDs = context.version >= topicIDsFrom
        for asked in request.topics {
            let topic = usesIDs ? topics[asked.topicID] : topics[asked.name]
            var good = asked
            good.partitions = []
            var bad = Topic()
            bad.name = asked.name
            bad.topicID = asked.topicID
            if let topic {
                good.name = topic.name
                good.topicID = topic.id
                bad.name = topic.name
                bad.topicID = topic.id
            }
            let isUnknownID = usesIDs && topic == nil
            let isAllowed = isUnknownID || context.authorize(.read, .topic(good.name))
            for partition in asked.partitions {
                if isUnknownID {
                    bad.refuse(partition.partitionIndex, .unknownTopicID)
                } else if !isAllowed {
                    bad.refuse(partition.partitionIndex, .topicAuthorizationFailed)
                } else if topic?.partition(partition.partitionIndex) == nil {
                    bad.refuse(partition.partitionIndex, .unknownTopicOrPartition)
                } else {
                    good.partitions.append(partition)
                }
            }
            if !good.partitions.isEmpty { accepted.topics.append(good) }
            guard topic == nil || !isAllowed || !bad.partitions.isEmpty else { continue }
            let reference = TopicReference(name: usesIDs ? nil : asked.name, id: asked.topicID)
            refused.add(bad, reference, join: join)
        }
        return (accepted, refused.topics)
    }

    /// One answer for each topic, what failed in front.
    private static func merge(
        _ response: OffsetCommitResponse, _ refused: [Topic]
    ) -> OffsetCommitResponse {
        var merged = response
        guard !refused.isEmpty else { return merged }
        var together = TopicsTogether<TopicReference, Topic>()
        for topic in refused + response.topics {
            together.add(topic, TopicReference(name: topic.name, id: topic.topicID), join: join)
        }
        merged.topics = together.topics
        return merged
    }

    private static func join(_ topic: inout Topic, _ more: Topic) { topic.partitions += more.partitions }
}

extension OffsetCommitResponse.OffsetCommitResponseTopic {
    fileprivate mutating func refuse(_ partition: Int32, _ code: ErrorCode) {
        var result = OffsetCommitResponse.OffsetCommitResponsePartition()
        result.partitionIndex = partition
        result.errorCode = code.rawValue
        partitions.append(result)
    }
}
