// ConsumerGroupDescribe: what an operator is told of consumer groups.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Describes a consumer group; another one, or none, is not found.
    func describeConsumer(_ id: Name) -> ConsumerGroupDescribeResponse.DescribedGroup {
        var answer = ConsumerGroupDescribeResponse.DescribedGroup()
        answer.groupID = id
        guard let group = groups.consumer[id] else {
            answer.errorCode = ErrorCode.groupIDNotFound.rawValue
            answer.errorMessage = ErrorText.cut(
                groups.kind(of: id) == nil ? "Group \(id) not found." : "Group \(id) is not a consumer group."
            )
            return answer
        }
        answer.groupState = group.state.rawValue
        answer.groupEpoch = group.epoch
        answer.assignmentEpoch = group.assignmentEpoch
        answer.assignorName =
            (group.preferredAssignor ?? settings.consumer.assignors.first ?? .uniform).rawValue
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
