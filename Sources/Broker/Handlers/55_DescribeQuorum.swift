/// DescribeQuorum (key 55, v0–2): the state of the metadata quorum (KIP-595). v1 when replicas were heard of
/// (KIP-836) · v2 sentences, directories and the voters' addresses (KIP-853).
import Base
import Network
import Protocol
internal import Security
internal import Storage

enum DescribeQuorumHandler: RequestHandler {
    typealias Request = DescribeQuorumRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .withoutLogs
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.topics, limitBytes) {
            EntryBytes.ofTopic($0.topicName, $0.partitions.count, of: EntryBytes.refusal)
        }
    }

    static func handle(_ request: DescribeQuorumRequest, _ context: RequestContext) -> Outcome<
        DescribeQuorumResponse
    > {
        guard context.authorize(.describe, .cluster) else {
            var response = DescribeQuorumResponse()
            response.errorCode = ErrorCode.clusterAuthorizationFailed.rawValue
            response.errorMessage = "Cluster authorization failed."
            return .now(response)
        }
        guard isOfMetadata(request) else { return .now(unknown(request)) }
        let quorum = context.administration.describeQuorum()
        var voter = DescribeQuorumResponse.ReplicaState()
        voter.replicaID = quorum.nodeID
        voter.replicaDirectoryID = quorum.directoryID
        voter.logEndOffset = quorum.end.value
        voter.lastFetchTimestamp = quorum.time.milliseconds
        voter.lastCaughtUpTimestamp = quorum.time.milliseconds
        var partition = DescribeQuorumResponse.PartitionData()
        partition.leaderID = quorum.nodeID
        partition.leaderEpoch = quorum.epoch.value
        partition.highWatermark = quorum.durableEnd.value
        partition.currentVoters = [voter]
        var topic = DescribeQuorumResponse.TopicData()
        topic.topicName = TopicName.clusterMetadata
        topic.partitions = [partition]
        var response = DescribeQuorumResponse()
        response.topics = [topic]
        // Controllers have listeners of their own, of which there are none here.
        var node = DescribeQuorumResponse.Node()
        node.nodeID = quorum.nodeID
        response.nodes = [node]
        return .now(response)
    }

    /// The reply has no place for it.
    static func setThrottleTime(_ milliseconds: Int32, in reply: inout Reply) {}

    /// Whether the request names the one partition that has a quorum, and nothing else.
    private static func isOfMetadata(_ request: DescribeQuorumRequest) -> Bool {
        request.topics.count == 1 && request.topics[0].topicName == TopicName.clusterMetadata
            && request.topics[0].partitions.map(\.partitionIndex) == [0]
    }

    /// That none of what is named has a quorum.
    private static func unknown(_ request: DescribeQuorumRequest) -> DescribeQuorumResponse {
        var response = DescribeQuorumResponse()
        response.topics = request.topics.map { asked in
            var topic = DescribeQuorumResponse.TopicData()
            topic.topicName = asked.topicName
            topic.partitions = asked.partitions.map { asked in
                var partition = DescribeQuorumResponse.PartitionData()
                partition.partitionIndex = asked.partitionIndex
                partition.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
                partition.errorMessage = "This server does not host this topic-partition."
                return partition
            }
            return topic
        }
        return response
    }
}
