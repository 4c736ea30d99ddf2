/// OffsetDelete (key 47, v0): forgets offsets of a group (KIP-496).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum OffsetDeleteHandler: RequestHandler {
    typealias Request = OffsetDeleteRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.code)
        }
    }

    static func handle(_ request: OffsetDeleteRequest, _ context: RequestContext) -> Outcome<
        OffsetDeleteResponse
    > {
        guard context.authorize(.delete, .group(request.groupID)) else {
            return .now(response(to: .failure(Refusal(.groupAuthorizationFailed))))
        }
        let wanted = request.topics.map {
            OffsetPlaces(topic: $0.name, partitions: $0.partitions.map(\.partitionIndex))
        }
        let reply = context.administration.deleteOffsets(
            of: request.groupID, wanted,
            denial: { context.authorize(.read, .topic($0)) ? nil : .topicAuthorizationFailed },
            answer: response)
        return .later(reply)
    }

    @Sendable private static func response(
        to result: Result<[DeletedOffsets], Refusal>
    ) -> OffsetDeleteResponse {
        var response = OffsetDeleteResponse()
        switch result {
        case .success(let topics):
            response.topics = topics.map { deleted in
                var topic = OffsetDeleteResponse.OffsetDeleteResponseTopic()
                topic.name = deleted.topic
                topic.partitions = deleted.partitions.map { deleted in
                    var partition = OffsetDeleteResponse.OffsetDeleteResponsePartition()
                    partition.partitionIndex = deleted.index
                    partition.errorCode = deleted.code.rawValue
                    return partition
                }
                return topic
            }
        case .failure(let refusal): response.errorCode = refusal.code.rawValue
        }
        return response
    }
}
