/// OffsetCommit (key 8, v0–10): stores how far a group has read. v1 member and generation · v2 retention for
/// a while (until v4) · v3 throttle time · v6 leader epoch · v7 static members · v8 flexible · v9 KIP-848 ·
/// v10 topic ids.
///
/// Partitions that do not exist are refused here, so that the coordinator sees only what it can store.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum OffsetCommitHandler: RequestHandler {
    static let effect = RequestEffect.immediate

    /// The first version that names topics by their ids.
    private static let topicIDsFrom: Int16 = 10

    static func handle(_ request: OffsetCommitRequest, _ context: RequestContext) -> Outcome<
        OffsetCommitResponse
    > {
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(.refusal(.groupAuthorizationFailed, of: request))
        }
        let (accepted, refused) = sort(request, context)
        guard !accepted.topics.isEmpty else {
            return .now(merge(OffsetCommitResponse(), refused, context))
        }
        return context.ask(accepted.groupID, .commitOffsets(accepted, version: context.version)) { reply in
            guard case .commitOffsets(let response) = reply else { return nil }
            return merge(response, refused, context)
        } refusal: { code in
            merge(.refusal(code, of: accepted), refused, context)
        }
    }

    /// The request with what can be committed, and the answers for the rest.
    private static func sort(
        _ request: OffsetCommitRequest, _ context: RequestContext
    ) -> (OffsetCommitRequest, [OffsetCommitResponse.OffsetCommitResponseTopic]) {
        let topics = context.topics
        var accepted = request
        accepted.topics = []
        var refused: [OffsetCommitResponse.OffsetCommitResponseTopic] = []
        var places: [TopicReference: Int] = [:]
        let usesIDs = context.version >= topicIDsFrom
        for asked in request.topics {
            let topic = usesIDs ? topics[asked.topicID] : topics[asked.name]
            var good = asked
            good.partitions = []
            var bad = OffsetCommitResponse.OffsetCommitResponseTopic()
            bad.name = asked.name
            bad.topicID = asked.topicID
            if let topic {
                good.name = topic.name
                good.topicID = topic.id
                bad.name = topic.name
                bad.topicID = topic.id
                let isAllowed = context.authorize(.read, .topic(topic.name))
                for partition in asked.partitions {
                    if !isAllowed {
                        bad.refuse(partition.partitionIndex, .topicAuthorizationFailed)
                    } else if topic.partition(partition.partitionIndex) == nil {
                        bad.refuse(partition.partitionIndex, .unknownTopicOrPartition)
                    } else {
                        good.partitions.append(partition)
                    }
                }
            } else {
                for partition in asked.partitions {
                    bad.refuse(
                        partition.partitionIndex, usesIDs ? .unknownTopicID : .unknownTopicOrPartition)
                }
            }
            if !good.partitions.isEmpty { accepted.topics.append(good) }
            guard topic == nil || !bad.partitions.isEmpty else { continue }
            let reference = TopicReference(name: usesIDs ? nil : asked.name, id: asked.topicID)
            if let place = places[reference] {
                refused[place].partitions += bad.partitions
            } else {
                places[reference] = refused.count
                refused.append(bad)
            }
        }
        return (accepted, refused)
    }

    /// One answer for each topic, what failed in front.
    private static func merge(
        _ response: OffsetCommitResponse, _ refused: [OffsetCommitResponse.OffsetCommitResponseTopic],
        _ context: RequestContext
    ) -> OffsetCommitResponse {
        var merged = response
        merged.throttleTimeMs = context.throttleMilliseconds
        guard !refused.isEmpty else { return merged }
        merged.topics = refused
        for topic in response.topics {
            let place = merged.topics.firstIndex { $0.name == topic.name && $0.topicID == topic.topicID }
            if let place {
                merged.topics[place].partitions += topic.partitions
            } else {
                merged.topics.append(topic)
            }
        }
        return merged
    }
}

extension OffsetCommitResponse.OffsetCommitResponseTopic {
    fileprivate mutating func refuse(_ partition: Int32, _ code: ErrorCode) {
        var result = OffsetCommitResponse.OffsetCommitResponsePartition()
        result.partitionIndex = partition
        result.errorCode = code.rawValue
        partitions.append(result)
    }
}
