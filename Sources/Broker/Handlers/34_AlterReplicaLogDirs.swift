/// AlterReplicaLogDirs (key 34, v0–2): moves partitions to other log directories of the broker (KIP-113). v1
/// as v0 · v2 flexible. The answer comes when they are on their way; DescribeLogDirs tells how far they are.
import Base
import Network
import Protocol
import Security

enum AlterReplicaLogDirsHandler: RequestHandler {
    typealias Request = AlterReplicaLogDirsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .needed { request in
        request.dirs.flatMap(\.topics).map { (TopicReference(name: $0.name, id: .zero), $0.partitions) }
    }
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.dirs.flatMap(\.topics), limitBytes) {
            EntryBytes.ofTopic($0.name, $0.partitions.count, of: EntryBytes.offset)
        }
    }

    static func handle(
        _ request: AlterReplicaLogDirsRequest, _ context: RequestContext
    ) -> Outcome<AlterReplicaLogDirsResponse> {
        let asked = moves(of: request)
        guard context.authorize(.alter, .cluster) else {
            return .now(answer(asked, asked.map { _ in .clusterAuthorizationFailed }))
        }
        return .later(
            context.administration.moveReplicas(asked) { refusals in
                answer(asked, refusals.map { $0?.code ?? .none })
            })
    }

    /// What is to move where; of a partition that is named twice the last one counts.
    private static func moves(of request: AlterReplicaLogDirsRequest) -> [ReplicaMove] {
        var places: [TopicPartition: Int] = [:]
        var moves: [ReplicaMove] = []
        for directory in request.dirs {
            for topic in directory.topics {
                for index in topic.partitions {
                    let id = TopicPartition(topic: topic.name, partition: PartitionIndex(index))
                    let move = ReplicaMove(partition: id, directory: directory.path)
                    if let place = places[id] {
                        moves[place] = move
                    } else {
                        places[id] = moves.count
                        moves.append(move)
                    }
                }
            }
        }
        return moves
    }

    private static func answer(_ moves: [ReplicaMove], _ codes: [ErrorCode]) -> AlterReplicaLogDirsResponse {
        var response = AlterReplicaLogDirsResponse()
        var places: [Name: Int] = [:]
        for (move, code) in zip(moves, codes) {
            var result = AlterReplicaLogDirsResponse.AlterReplicaLogDirPartitionResult()
            result.partitionIndex = move.partition.partition.value
            result.errorCode = code.rawValue
            let name = move.partition.topic
            let place = places[name] ?? response.results.count
            if place == response.results.count {
                places[name] = place
                var topic = AlterReplicaLogDirsResponse.AlterReplicaLogDirTopicResult()
                topic.topicName = name
                response.results.append(topic)
            }
            response.results[place].partitions.append(result)
        }
        return response
    }
}
