/// OffsetDelete (key 47, v0): forgets offsets of a group (KIP-496).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum OffsetDeleteHandler: RequestHandler {
    typealias Request = OffsetDeleteRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.code)
        }
    }

    typealias Topic = OffsetDeleteResponse.OffsetDeleteResponseTopic

    static func handle(_ request: OffsetDeleteRequest, _ context: RequestContext) -> Outcome<
        OffsetDeleteResponse
    > {
        guard context.authorize(.delete, .group(request.groupID)) else {
            return .now(failure(.groupAuthorizationFailed))
        }
        let (accepted, refused) = sort(request, context)
        return context.ask(request.groupID, .deleteOffsets(accepted)) { reply in
            guard case .deleteOffsets(var response) = reply else { return nil }
            if response.errorCode == 0 { response.topics = merge(refused, response.topics) }
            return response
        } refusal: { code in
            failure(code)
        }
    }

    /// The request with what exists, and the answers for the rest.
    private static func sort(
        _ request: OffsetDeleteRequest, _ context: RequestContext
    ) -> (OffsetDeleteRequest, [Topic]) {
        let topics = context.topics
        var accepted = request
        accepted.topics = []
        var refused = TopicsTogether<Name, Topic>()
        for asked in request.topics {
            var good = asked
            var bad = Topic()
            bad.name = asked.name
            let isAllowed = context.authorize(.read, .topic(asked.name))
            good.partitions = asked.partitions.filter { partition in
                if isAllowed, topics[asked.name]?.partition(partition.partitionIndex) != nil { return true }
                var result = OffsetDeleteResponse.OffsetDeleteResponsePartition()
                result.partitionIndex = partition.partitionIndex
                let code: ErrorCode = isAllowed ? .unknownTopicOrPartition : .topicAuthorizationFailed
                result.errorCode = code.rawValue
                bad.partitions.append(result)
                return false
            }
            if !good.partitions.isEmpty { accepted.topics.append(good) }
            guard topics[asked.name] == nil || !isAllowed || !bad.partitions.isEmpty else { continue }
            refused.add(bad, asked.name, join: join)
        }
        return (accepted, refused.topics)
    }

    /// One answer for each topic, where some are refused.
    private static func merge(_ refused: [Topic], _ answered: [Topic]) -> [Topic] {
        guard !refused.isEmpty else { return answered }
        var merged = TopicsTogether<Name, Topic>()
        for topic in refused + answered { merged.add(topic, topic.name, join: join) }
        return merged.topics
    }

    private static func join(_ topic: inout Topic, _ more: Topic) { topic.partitions += more.partitions }

    private static func failure(_ code: ErrorCode) -> OffsetDeleteResponse {
        var response = OffsetDeleteResponse()
        response.errorCode = code.rawValue
        return response
    }
}
