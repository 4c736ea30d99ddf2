/// ElectLeaders (key 43, v0–2): has the preferred replicas lead, or any (KIP-183). v1 kinds of elections
/// (KIP-460) · v2 flexible.
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum ElectLeadersHandler: RequestHandler {
    typealias Request = ElectLeadersRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .needed { request in
        (request.topicPartitions ?? []).map { (TopicReference(name: $0.topic, id: .zero), $0.partitions) }
    }
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        guard let asked = request.topicPartitions else {
            return EntryBytes.sum(of: context.topics.all, limitBytes) { topic in
                EntryBytes.ofTopic(
                    topic.name, topic.partitions.count(where: \.isOffline), of: EntryBytes.refusal)
            }
        }
        return EntryBytes.sum(of: asked, limitBytes) { topic in
            // Where there is no such topic, each of its partitions says so by its name.
            EntryBytes.ofTopic(
                topic.topic, topic.partitions.count, of: EntryBytes.refusal + topic.topic.utf8.count)
        }
    }

    private typealias TopicResult = ElectLeadersResponse.ReplicaElectionResult

    static func handle(_ request: ElectLeadersRequest, _ context: RequestContext) -> Outcome<
        ElectLeadersResponse
    > {
        guard context.authorize(.alter, .cluster) else {
            return .now(refuse(request, context.clusterRefusal))
        }
        if request.topicPartitions?.isEmpty == true { return .now(ElectLeadersResponse()) }
        // Kafka's controller gives such requests up before it begins with them.
        guard request.timeoutMs > 0 else { return .now(refuse(request, .outOfTime)) }
        guard let kind = ElectionKind(rawValue: request.electionType) else {
            return .now(
                refuse(request, .invalidRequest("Unknown election type \(request.electionType)")))
        }
        let administration = context.administration
        var response = ElectLeadersResponse()
        response.replicaElectionResults =
            if let asked = request.topicPartitions {
                results(asked) { administration.electLeader(of: $0, kind) }
            } else {
                administration.electLeaders(kind).map { topic, refusals in
                    result(topic, refusals.map { ($0.value, $1) })
                }
            }
        return .now(response)
    }

    private static func results(
        _ asked: [ElectLeadersRequest.TopicPartitions], _ refusal: (TopicPartition) -> Refusal
    ) -> [TopicResult] {
        asked.map { topic in
            result(
                topic.topic,
                topic.partitions.map { index in
                    (index, refusal(TopicPartition(topic: topic.topic, partition: PartitionIndex(index))))
                })
        }
    }

    private static func result(
        _ topic: Name, _ refusals: [(index: Int32, refusal: Refusal)]
    ) -> TopicResult {
        var result = TopicResult()
        result.topic = topic
        result.partitionResult = refusals.map { index, refusal in
            var partition = ElectLeadersResponse.PartitionResult()
            partition.partitionID = index
            partition.errorCode = refusal.code.rawValue
            partition.errorMessage = refusal.message
            return partition
        }
        return result
    }

    private static func refuse(_ request: ElectLeadersRequest, _ reason: Refusal) -> ElectLeadersResponse {
        var response = ElectLeadersResponse()
        response.errorCode = reason.code.rawValue
        response.replicaElectionResults = results(request.topicPartitions ?? []) { _ in reason }
        return response
    }
}
