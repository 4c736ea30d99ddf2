/// ListPartitionReassignments (key 46, v0, flexible): replicas that are on their way to other brokers
/// (KIP-455), of which there are none.
import Base
import Network
import Protocol
import Security

enum ListPartitionReassignmentsHandler: RequestHandler {
    typealias Request = ListPartitionReassignmentsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics ?? [], limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitionIndexes.count, of: EntryBytes.code)
        }
    }

    static func handle(
        _ request: ListPartitionReassignmentsRequest, _ context: RequestContext
    ) -> Outcome<ListPartitionReassignmentsResponse> {
        var response = ListPartitionReassignmentsResponse()
        response.errorMessage = nil
        guard context.authorize(.describe, .cluster) else {
            let reason = context.clusterRefusal
            (response.errorCode, response.errorMessage) = (reason.code.rawValue, reason.message)
            // Kafka repeats what was asked for.
            response.topics = (request.topics ?? []).map { asked in
                var topic = ListPartitionReassignmentsResponse.OngoingTopicReassignment()
                topic.name = asked.name
                topic.partitions = asked.partitionIndexes.map { index in
                    var partition = ListPartitionReassignmentsResponse.OngoingPartitionReassignment()
                    partition.partitionIndex = index
                    return partition
                }
                return topic
            }
            return .now(response)
        }
        return .now(response)
    }
}
