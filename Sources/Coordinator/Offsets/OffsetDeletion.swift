// OffsetDelete: an operator has a group forget how far it has read.
internal import Base
internal import Protocol

/// A request to forget offsets, in Kafka's order of checks.
struct OffsetDeletion: LongWork {
    private let request: OffsetDeleteRequest
    private var walk = PartitionWalk()
    private var response = OffsetDeleteResponse()

    init(_ request: OffsetDeleteRequest) { self.request = request }

    var reply: GroupReply? { .deleteOffsets(response) }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        let id = request.groupID
        if let problem = shard.problem(withOffsetDeletionOf: id) {
            response.topics = []
            response.errorCode = problem.rawValue
            return true
        }
        var room = SliceLimits.stepsMax
        while let (index, places) = walk.next(
            of: request.topics.count, &room, { request.topics[$0].partitions.count })
        {
            let topic = request.topics[index]
            if response.topics.count == index {
                var answer = OffsetDeleteResponse.OffsetDeleteResponseTopic()
                answer.name = topic.name
                response.topics.append(answer)
            }
            let isRead = shard.isRead(topic.name, by: id)
            response.topics[index].partitions += topic.partitions[places].map { partition in
                var result = OffsetDeleteResponse.OffsetDeleteResponsePartition()
                result.partitionIndex = partition.partitionIndex
                if isRead {
                    result.errorCode = ErrorCode.groupSubscribedToTopic.rawValue
                } else if shard.offsets[id, topic.name, partition.partitionIndex] != nil {
                    shard.emit(OffsetTable.tombstone(id, topic.name, partition.partitionIndex))
                }
                return result
            }
        }
        return walk.isAtEnd(of: request.topics.count)
    }
}

extension GroupCoordinator {
    fileprivate func problem(withOffsetDeletionOf id: Name) -> ErrorCode? {
        if id.isEmpty { return .invalidGroupID }
        if groups.consumer[id] != nil { return nil }
        guard let group = groups.classic[id], group.state != .dead else { return .groupIDNotFound }
        return group.state == .empty || group.isOfConsumers ? nil : .nonEmptyGroup
    }

    /// Whether members of the group read the topic.
    fileprivate func isRead(_ topic: Name, by id: Name) -> Bool {
        groups.consumer[id]?.isSubscribed(to: topic) ?? self[classic: id].isSubscribed(to: topic)
    }
}
