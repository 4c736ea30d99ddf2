// ConsumerGroupDescribe: what an operator is told of consumer groups.
internal import Base
package import Protocol

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

    /// The description; another kind of group, or none, is not found.
    package var response: ConsumerGroupDescribeResponse.DescribedGroup {
        var answer = ConsumerGroupDescribeResponse.DescribedGroup()
        answer.groupID = id
        guard let group else {
            answer.errorCode = ErrorCode.groupIDNotFound.rawValue
            answer.errorMessage = ErrorText.cut(
                isOfAnotherKind ? "Group \(id) is not a consumer group." : "Group \(id) not found.")
            return answer
        }
        answer.groupState = group.state.rawValue
        answer.groupEpoch = group.epoch
        answer.assignmentEpoch = group.assignmentEpoch
        answer.assignorName = (group.preferredAssignor ?? defaultAssignor).rawValue
        answer.members = group.members.values.sorted { $0.id < $1.id }.map { describe($0, group) }
        return answer
    }

    private func describe(
        _ member: ConsumerMember, _ group: ConsumerGroup
    ) -> ConsumerGroupDescribeResponse.Member {
        var described = ConsumerGroupDescribeResponse.Member()
        described.memberID = member.id
        described.instanceID = member.instanceID
        described.rackID = member.rackID
        described.memberEpoch = member.epoch
        described.clientID = member.client.id
        described.clientHost = member.client.host
        described.subscribedTopicNames = member.subscribedTopics.sorted()
        described.subscribedTopicRegex = member.pattern
        // What it has not given up yet, it has.
        described.assignment = describe(
            member.assigned.partitions.merging(member.pendingRevocation.partitions) { $0.union($1) })
        described.targetAssignment = describe(group.targets[member.id] ?? [:])
        described.memberType = member.classic == nil ? 1 : 0
        return described
    }

    /// Partitions of topics that still are.
    private func describe(_ partitions: TargetPartitions) -> ConsumerGroupDescribeResponse.Assignment {
        var assignment = ConsumerGroupDescribeResponse.Assignment()
        assignment.topicPartitions = partitions.compactMap { id, partitions in
            guard let topic = topics.topic(id) else { return nil }
            var entry = ConsumerGroupDescribeResponse.TopicPartitions()
            entry.topicID = id
            entry.topicName = topic.name
            entry.partitions = partitions.sorted()
            return entry
        }
        .sorted { $0.topicName < $1.topicName }
        return assignment
    }
}

extension GroupCoordinator {
    /// What there is to tell of a consumer group.
    func consumerDescription(of id: Name) -> ConsumerGroupDescription { ConsumerGroupDescription(id, self) }
}
