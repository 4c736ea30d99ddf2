/// DeleteRecords (key 21, v0–2): moves the start of partitions forward (KIP-107). v1 errors that clients may
/// retry · v2 flexible. The answer comes when the new starts are durable; the space is freed by retention.
import Base
import Network
import Protocol
import Security

enum DeleteRecordsHandler: RequestHandler {
    typealias Request = DeleteRecordsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.topics.map { (TopicReference(name: $0.name, id: .zero), $0.partitions.map(\.partitionIndex)) }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.offset)
        }
    }

    /// The offset that stands for the high watermark.
    private static let highWatermark: Int64 = -1

    static func handle(_ request: DeleteRecordsRequest, _ context: RequestContext) -> Outcome<
        DeleteRecordsResponse
    > {
        let asked = AskedTopic.all(of: request, context)
        // For logs that were not open the request has waited already.
        let reply = context.administration.deleteRecords(
            asked.flatMap(\.deletions), hasWaited: true, answer: { answer(asked, $0) })
        return .later(reply)
    }

    private typealias Asked = DeleteRecordsRequest.DeleteRecordsPartition

    /// A topic and its partitions, each of which was asked for once.
    private struct AskedTopic {
        let name: Name
        let partitions: [Asked]
        /// Whether the sender may delete its records.
        let isAllowed: Bool

        static func all(of request: DeleteRecordsRequest, _ context: RequestContext) -> [AskedTopic] {
            var asked = PartitionsOnce<Name, Asked>()
            for topic in request.topics {
                for partition in topic.partitions {
                    asked.add(partition, partition.partitionIndex, of: topic.name)
                }
            }
            return asked.topics.map { name, partitions in
                AskedTopic(
                    name: name, partitions: partitions,
                    isAllowed: context.authorize(.delete, .topic(name)))
            }
        }

        /// What is to be done of it.
        var deletions: [RecordDeletion] {
            guard isAllowed else { return [] }
            return partitions.map { asked in
                RecordDeletion(
                    partition: TopicPartition(topic: name, partition: PartitionIndex(asked.partitionIndex)),
                    before: asked.offset == highWatermark ? .highWatermark : .offset(Offset(asked.offset)))
            }
        }
    }

    private static func answer(
        _ asked: [AskedTopic], _ outcomes: [Result<Offset, Refusal>]
    ) -> DeleteRecordsResponse {
        var left = outcomes[...]
        var response = DeleteRecordsResponse()
        response.topics = asked.map { asked in
            var topic = DeleteRecordsResponse.DeleteRecordsTopicResult()
            topic.name = asked.name
            topic.partitions = asked.partitions.map { partition in
                var result = DeleteRecordsResponse.DeleteRecordsPartitionResult()
                result.partitionIndex = partition.partitionIndex
                switch asked.isAllowed ? left.removeFirst() : .failure(.notAuthorized) {
                case .success(let start): result.lowWatermark = start.value
                case .failure(let refusal):
                    (result.lowWatermark, result.errorCode) = (-1, refusal.code.rawValue)
                }
                return result
            }
            return topic
        }
        return response
    }
}
