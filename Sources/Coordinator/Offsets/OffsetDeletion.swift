// An operator has a group forget how far it has read.
internal import Base
internal import Protocol

/// A request to forget offsets, in Kafka's order of checks.
struct OffsetDeletion: LongWork {
    private let id: Name
    private let asked: [OffsetPlaces]
    private var walk = PartitionWalk()
    private var done: [DeletedOffsets] = []
    private var problem: ErrorCode?

    init(of id: Name, _ asked: [OffsetPlaces]) {
        self.id = id
        self.asked = asked
    }

    var reply: GroupReply? {
        .deleteOffsets(problem.map { .failure(GroupRefusal($0)) } ?? .success(done))
    }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        problem = shard.problem(withOffsetDeletionOf: id)
        guard problem == nil else { return true }
        var room = SliceLimits.stepsMax
        while let (index, places) = walk.next(of: asked.count, &room, { asked[$0].partitions.count }) {
            let topic = asked[index].topic
            if done.count == index { done.append(DeletedOffsets(topic: topic, partitions: [])) }
            let isRead = shard.isRead(topic, by: id)
            done[index].partitions += asked[index].partitions[places].map { partition in
                if !isRead, shard.hasOffset(id, topic, partition) {
                    shard.emit(OffsetTable.tombstone(id, topic, partition))
                }
                return DeletedOffsets.Partition(
                    index: partition, code: isRead ? .groupSubscribedToTopic : .none)
            }
        }
        return walk.isAtEnd(of: asked.count)
    }
}

extension GroupCoordinator {
    fileprivate func problem(withOffsetDeletionOf id: Name) -> ErrorCode? {
        if id.isEmpty { return .invalidGroupID }
        if groups.consumer[id] != nil { return nil }
        guard let group = groups.classic[id], group.state != .dead else { return .groupIDNotFound }
        return group.state == .empty || group.isOfConsumers ? nil : .nonEmptyGroup
    }

    /// Whether there is anything to be forgotten of a partition, counting or not yet.
    func hasOffset(_ id: Name, _ topic: Name, _ partition: Int32) -> Bool {
        offsets[id, topic, partition] != nil || pending.contains(id, topic, partition)
    }

    /// Whether members of the group read the topic.
    fileprivate func isRead(_ topic: Name, by id: Name) -> Bool {
        groups.consumer[id]?.isSubscribed(to: topic) ?? self[classic: id].isSubscribed(to: topic)
    }
}
