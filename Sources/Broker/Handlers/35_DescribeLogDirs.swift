/// DescribeLogDirs (key 35, v0–5): sizes of partitions, and the space of their directories (KIP-113). v2
/// flexible · v3 an error for all · v4 the size of file systems (KIP-827) · v5 directories that take no more.
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum DescribeLogDirsHandler: RequestHandler {
    typealias Request = DescribeLogDirsRequest
    static let effect = RequestEffect.none
    /// All of them are waited for, also where none is named.
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        guard let topics = request.topics else {
            return EntryBytes.sum(of: context.topics.all, limitBytes) { $0.describedBytes }
        }
        return EntryBytes.sum(of: topics, limitBytes) {
            EntryBytes.ofTopic($0.topic, $0.partitions.count, of: EntryBytes.partition)
        }
    }

    static func handle(_ request: DescribeLogDirsRequest, _ context: RequestContext) -> Outcome<
        DescribeLogDirsResponse
    > {
        guard context.authorize(.describe, .cluster) else {
            return .now(refusal(.clusterAuthorizationFailed))
        }
        let wanted = request.topics?.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.topic, partition: PartitionIndex($0)) }
        }
        let reply = context.administration.describeDirectories(
            of: wanted,
            answer: { directories in
                var response = DescribeLogDirsResponse()
                response.results = directories.map { .init($0) }
                return response
            },
            late: { refusal(.requestTimedOut) })
        return .later(reply)
    }

    private static func refusal(_ code: ErrorCode) -> DescribeLogDirsResponse {
        var response = DescribeLogDirsResponse()
        response.errorCode = code.rawValue
        return response
    }
}

extension DescribeLogDirsResponse.DescribeLogDirsResult {
    /// A directory as clients are told of it.
    fileprivate init(_ directory: DirectoryDescription) {
        self.init()
        logDir = Name(directory.path)
        guard !directory.isOffline else {
            errorCode = ErrorCode.kafkaStorageError.rawValue
            return
        }
        if let space = directory.space { (totalBytes, usableBytes) = (space.totalBytes, space.freeBytes) }
        topics = directory.topics.map { described in
            var topic = DescribeLogDirsResponse.DescribeLogDirsTopic()
            topic.name = described.name
            topic.partitions = described.partitions.map { held in
                var partition = DescribeLogDirsResponse.DescribeLogDirsPartition()
                (partition.partitionIndex, partition.partitionSize) = (held.index.value, held.sizeBytes)
                (partition.offsetLag, partition.isFutureKey) = (held.lag, held.isFuture)
                return partition
            }
            return topic
        }
    }
}
