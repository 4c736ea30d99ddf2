/// AlterPartitionReassignments (key 45, v0–1, flexible): moves replicas to other brokers (KIP-455). v1 may
/// keep their number (KIP-860).
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum AlterPartitionReassignmentsHandler: RequestHandler {
    typealias Request = AlterPartitionReassignmentsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) { topic in
            EntryBytes.ofTopic(
                topic.name, topic.partitions.count, of: EntryBytes.refusal + topic.name.utf8.count)
        }
    }

    static func handle(
        _ request: AlterPartitionReassignmentsRequest, _ context: RequestContext
    ) -> Outcome<AlterPartitionReassignmentsResponse> {
        guard context.authorize(.alter, .cluster) else {
            return .now(refuse(request, context.clusterRefusal))
        }
        guard !request.topics.isEmpty else { return .now(AlterPartitionReassignmentsResponse()) }
        // Kafka's controller gives such requests up before it begins with them.
        guard request.timeoutMs > 0 else { return .now(refuse(request, .outOfTime)) }
        let administration = context.administration
        var response = response(to: request) { wanted in
            do throws(Refusal) { try administration.reassign(wanted) } catch { return error }
            return nil
        }
        response.allowReplicationFactorChange = request.allowReplicationFactorChange
        return .now(response)
    }

    private static func refuse(
        _ request: Request, _ reason: Refusal
    ) -> AlterPartitionReassignmentsResponse {
        var response = response(to: request) { _ in reason }
        (response.errorCode, response.errorMessage) = (reason.code.rawValue, reason.message)
        return response
    }

    private static func response(
        to request: Request, _ refusal: (Reassignment) -> Refusal?
    ) -> AlterPartitionReassignmentsResponse {
        var response = AlterPartitionReassignmentsResponse()
        response.errorMessage = nil
        response.responses = request.topics.map { asked in
            var topic = AlterPartitionReassignmentsResponse.ReassignableTopicResponse()
            topic.name = asked.name
            topic.partitions = asked.partitions.map { wanted in
                let id = TopicPartition(topic: asked.name, partition: PartitionIndex(wanted.partitionIndex))
                let refusal = refusal(Reassignment(partition: id, replicas: wanted.replicas))
                var partition = AlterPartitionReassignmentsResponse.ReassignablePartitionResponse()
                partition.partitionIndex = wanted.partitionIndex
                partition.errorCode = (refusal?.code ?? .none).rawValue
                partition.errorMessage = refusal?.message
                return partition
            }
            return topic
        }
        return response
    }
}
