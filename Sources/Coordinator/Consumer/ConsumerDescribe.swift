// What an operator is told of consumer groups.
internal import Base
internal import Protocol

/// What is told of a consumer group: a snapshot, as putting it into words takes long for a large group.
package struct ConsumerGroupDescription: Sendable {
    private let id: Name
    private let group: ConsumerGroup?
    private let isOfAnotherKind: Bool
    private let topics: any TopicsView
    private let defaultAssignor: Assignor

    fileprivate init(_ id: Name, _ shard: GroupCoordinator) {
        self.id = id
        group = shard.groups.consumer[id]
        isOfAnotherKind = shard.groups.classic[id] != nil
        topics = shard.topics
        defaultAssignor = shard.settings.consumer.assignors.first ?? .uniform
    }

    /// How many members the description has.
    var memberCount: Int { group?.members.count ?? 0 }

    /// The group; an unknown one, or one of another kind, is not found.
    package var described: Result<DescribedConsumerGroup, GroupRefusal> {
        guard let group else {
            let problem =
                isOfAnotherKind ? "Group \(id) is not a consumer group." : "Group \(id) not found."
            return .failure(GroupRefusal(.groupIDNotFound, problem))
        }
        return .success(
            DescribedConsumerGroup(
                id: id, state: group.state, epoch: group.epoch, assignmentEpoch: group.assignmentEpoch,
                assignor: (group.preferredAssignor ?? defaultAssignor).rawValue,
                members: group.members.values.sorted { $0.id < $1.id }.map { describe($0, group) }))
    }

    private func describe(
        _ member: ConsumerMember, _ group: ConsumerGroup
    ) -> DescribedConsumerGroup.Member {
        // What it has not given up yet, it has.
        let assigned = member.assigned.partitions.merging(member.pendingRevocation.partitions) {
            $0.union($1)
        }
        return DescribedConsumerGroup.Member(
            id: member.id, instanceID: member.instanceID, rackID: member.rackID, epoch: member.epoch,
            client: member.client, subscribedTopics: member.subscribedTopics.sorted(),
            pattern: member.pattern, assigned: describe(assigned),
            target: describe(group.targets[member.id] ?? [:]), isClassic: member.classic != nil)
    }

    /// Partitions of topics that still are.
    private func describe(_ partitions: TargetPartitions) -> [DescribedConsumerGroup.TopicPartitions] {
        partitions.compactMap { id, partitions in
            topics.topic(id).map { .init(id: id, name: $0.name, partitions: partitions.sorted()) }
        }
        .sorted { $0.name < $1.name }
    }
}

extension GroupCoordinator {
    /// What there is to tell of a consumer group.
    func consumerDescription(of id: Name) -> ConsumerGroupDescription { ConsumerGroupDescription(id, self) }
}
