// OffsetFetch: how far a group has read. The answer is made of a snapshot, outside of the shard's critical
// section: there may be very many offsets.
internal import Base
package import Protocol

/// What one group is told of its offsets.
package struct FetchedOffsets: Sendable {
    private let request: OffsetFetchRequest.OffsetFetchRequestGroup
    private let problem: ErrorCode?
    private let offsets: GroupOffsets
    /// Partitions with offsets of open transactions, where these are waited for.
    private let unstable: [Name: Set<Int32>]

    fileprivate init(
        _ request: OffsetFetchRequest.OffsetFetchRequestGroup, _ problem: ErrorCode?, _ offsets: GroupOffsets,
        _ unstable: [Name: Set<Int32>]
    ) {
        self.request = request
        self.problem = problem
        self.offsets = offsets
        self.unstable = unstable
    }

    private func answer(
        _ topic: Name, _ partition: Int32, _ committed: CommittedOffset?
    ) -> OffsetFetchResponse.OffsetFetchResponsePartitions {
        guard unstable[topic]?.contains(partition) == true else { return .init(partition, committed) }
        var answer = OffsetFetchResponse.OffsetFetchResponsePartitions(partition, nil)
        answer.errorCode = ErrorCode.unstableOffsetCommit.rawValue
        return answer
    }

    /// About how many partitions the answer has.
    package var count: Int {
        request.topics?.reduce(0) { $0 + $1.partitionIndexes.count } ?? offsets.count
    }

    /// The answer; without topics in the request it has all that there are.
    package var response: OffsetFetchResponse.OffsetFetchResponseGroup {
        var response = OffsetFetchResponse.OffsetFetchResponseGroup()
        response.groupID = request.groupID
        if let problem {
            response.errorCode = problem.rawValue
        } else if let topics = request.topics {
            response.topics = topics.map { topic in
                var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
                answer.name = topic.name
                answer.topicID = topic.topicID
                answer.partitions = topic.partitionIndexes.map {
                    self.answer(topic.name, $0, offsets[topic.name, $0])
                }
                return answer
            }
        } else {
            response.topics = offsets.inOrder.map { topic, partitions in
                var answer = OffsetFetchResponse.OffsetFetchResponseTopics()
                answer.name = topic
                answer.partitions = partitions.sorted { $0.key < $1.key }.map {
                    self.answer(topic, $0.key, $0.value)
                }
                return answer
            }
        }
        return response
    }
}

extension GroupCoordinator {
    /// Serves the part of an OffsetFetch that is about one group.
    func fetch(
        _ request: OffsetFetchRequest.OffsetFetchRequestGroup, _ requireStable: Bool
    ) -> FetchedOffsets {
        let pending = requireStable ? pending.partitions(of: request.groupID) : []
        return FetchedOffsets(
            request, problem(withConsumerFetch: request), offsets[request.groupID],
            Dictionary(grouping: pending, by: \.topic).mapValues { Set($0.map(\.partition)) })
    }
}

extension OffsetFetchResponse.OffsetFetchResponsePartitions {
    /// What is known of a partition; -1 if nothing is.
    package init(_ partition: Int32, _ committed: CommittedOffset?) {
        self.init()
        partitionIndex = partition
        committedOffset = committed?.offset.value ?? -1
        committedLeaderEpoch = committed?.leaderEpoch ?? -1
        metadata = committed?.metadata ?? ""
    }
}
