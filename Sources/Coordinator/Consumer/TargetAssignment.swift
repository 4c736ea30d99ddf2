// The assignment that a group moves towards. That of a large group takes so long that it is computed
// elsewhere, from a copy, while the shard goes on; it counts if the group is still what it was computed for.
internal import Base
internal import Protocol

/// A target that is being computed elsewhere.
struct TargetComputation: Sendable {
    /// When it began: tells it from those before a restart.
    let begun: Int64
    /// How many in a row came too late before it.
    let lateBefore: Int
}

/// A target that was computed elsewhere.
package struct ComputedTarget: Sendable {
    let group: Name
    /// The epoch of the group that it was computed for.
    let epoch: Int32
    let begun: Int64
    let shares: [Name: TargetPartitions]
}

extension GroupCoordinator {
    /// Computes a new target where the group has changed since the last, unless that was a moment ago.
    ///
    /// Members that come or go together then cost one assignment and not one each
    /// (`group.consumer.assignment.interval.ms`).
    mutating func updateTarget(of id: Name, lateBefore: Int = 0) {
        let group = self[consumer: id]
        guard group.assignmentEpoch < group.epoch, computations[id] == nil, mayAssign(group) else { return }
        let assignor = group.preferredAssignor ?? settings.consumer.assignors.first ?? .uniform
        let question = TargetQuestion(group: group, topics: topics, assignor: assignor)
        let isSmall = question.size <= settings.consumer.assignedAtOnceMax
        guard !isSmall, lateBefore < ConsumerSettings.lateAssignmentsMax else {
            return writeTarget(question.shares(), of: id)
        }
        let begun = now.monotonic
        computations[id] = TargetComputation(begun: begun, lateBefore: lateBefore)
        decision.computations.append {
            .targetComputed(
                ComputedTarget(
                    group: id, epoch: question.group.epoch, begun: begun, shares: question.shares()))
        }
    }

    /// Takes a target that was computed elsewhere, or has it computed anew for what the group is now.
    mutating func targetComputed(_ target: ComputedTarget) {
        let id = target.group
        guard let computation = computations[id], computation.begun == target.begun else { return }
        computations[id] = nil
        guard let group = groups.consumer[id], group.assignmentEpoch < group.epoch else { return }
        guard group.epoch == target.epoch else {
            return updateTarget(of: id, lateBefore: computation.lateBefore + 1)
        }
        writeTarget(target.shares, of: id)
    }

    private mutating func writeTarget(_ shares: [Name: TargetPartitions], of id: Name) {
        let group = self[consumer: id]
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
}

/// Everything that a target depends on, as a value.
private struct TargetQuestion: Sendable {
    let group: ConsumerGroup
    let topics: any TopicsView
    let assignor: Assignor

    private var known: [GroupTopic] {
        group.subscribedTopics.sorted().compactMap { topics.topic(named: $0) }
    }

    /// How much there is to assign: members and partitions.
    var size: Int { known.reduce(group.members.count) { $0 + $1.partitionCount } }

    /// What each member shall have.
    func shares() -> [Name: TargetPartitions] {
        let known = known
        var places: [Name: Int] = [:]
        var placesByID: [TopicID: Int] = [:]
        for (place, topic) in known.enumerated() {
            places[topic.name] = place
            placesByID[topic.id] = place
        }
        // Members with equal subscriptions share one list.
        var lists: [Set<Name>: [Int]] = [:]
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
        let shares = assignor.assign(
            AssignmentProblem(partitionCounts: known.map(\.partitionCount), members: members))
        return Dictionary(
            uniqueKeysWithValues: zip(ids, shares).map { id, shares in
                let target = shares.map { (known[$0.topic].id, Set($0.partitions)) }
                return (id, TargetPartitions(target, uniquingKeysWith: { $0.union($1) }))
            })
    }
}
