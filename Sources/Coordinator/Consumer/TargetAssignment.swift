// The assignment that a group moves towards.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Computes a new target where the group has changed since the last, unless that was a moment ago.
    ///
    /// Members that come or go together then cost one assignment and not one each
    /// (`group.consumer.assignment.interval.ms`).
    mutating func updateTarget(of id: String) {
        let group = self[consumer: id]
        guard group.assignmentEpoch < group.epoch, mayAssign(group) else { return }
        let assignor = group.preferredAssignor ?? settings.consumer.assignors.first ?? .uniform
        let shares = targetShares(of: group, assignor)
        for memberID in group.members.keys.sorted() {
            let target = shares[memberID] ?? [:]
            guard group.targets[memberID] != target else { continue }
            var value = ConsumerGroupTargetAssignmentMemberValue()
            value.topicPartitions = target.written
            emit(.consumerTargetMember(.init(id, memberID), value))
        }
        var value = ConsumerGroupTargetAssignmentMetadataValue()
        value.assignmentEpoch = group.epoch
        value.assignmentTimestamp = now.wall.milliseconds
        emit(.consumerTarget(.init(id), value))
    }

    private func mayAssign(_ group: ConsumerGroup) -> Bool {
        let interval = Int64(configuration(of: group.id).assignmentIntervalMilliseconds)
        guard group.assignmentTime != 0, interval > 0 else { return true }
        let age = now.wall.milliseconds &- group.assignmentTime
        // A clock that was set back must not stop a group.
        return age >= interval || age < 0
    }

    /// What each member shall have.
    private func targetShares(of group: ConsumerGroup, _ assignor: Assignor) -> [String: TargetPartitions] {
        let known = group.subscribedTopics.sorted().compactMap { topics.topic(named: $0) }
        var places: [String: Int] = [:]
        var placesByID: [TopicID: Int] = [:]
        for (place, topic) in known.enumerated() {
            places[topic.name] = place
            placesByID[topic.id] = place
        }
        // Members with equal subscriptions share one list.
        var lists: [Set<String>: [Int]] = [:]
        let ids = group.members.keys.sorted()
        let members = ids.compactMap { group.members[$0] }.map { member in
            let names = group.topicNames(of: member)
            let list = lists[names] ?? names.compactMap { places[$0] }.sorted()
            lists[names] = list
            // What it was to have before, rather than what it has: that is where it is heading.
            let owned = (group.targets[member.id] ?? [:]).flatMap { topic, partitions in
                guard let place = placesByID[topic] else { return [PartitionSlot]() }
                return partitions.sorted().map { PartitionSlot(topic: place, partition: $0) }
            }
            return AssignmentProblem.Member(
                id: member.id, instanceID: member.instanceID, topics: list, owned: owned)
        }
        let problem = AssignmentProblem(
            partitionCounts: known.map(\.partitionCount), members: members)
        let shares = assignor.assign(problem)
        return Dictionary(
            uniqueKeysWithValues: zip(ids, shares).map { id, shares in
                let target = shares.map { (known[$0.topic].id, Set($0.partitions)) }
                return (id, TargetPartitions(target, uniquingKeysWith: { $0.union($1) }))
            })
    }
}
