// A consumer group (KIP-848): the coordinator assigns. Three epochs tell how far it is: the group's rises
// when anything changes that an assignment depends on; the assignment's follows when a new one is computed;
// each member's follows when it has what that one gives it.
package import Base
internal import Protocol

/// What an operator is told that a group is doing.
package enum ConsumerGroupState: Name, Sendable {
    case empty = "Empty"
    /// A change has not led to a new assignment yet.
    case assigning = "Assigning"
    /// Members do not have all of theirs yet.
    case reconciling = "Reconciling"
    case stable = "Stable"
    case dead = "Dead"
}

/// A consumer group; all of it comes from records, `topicsSeen` aside.
package struct ConsumerGroup: Sendable {
    package let id: Name
    package private(set) var epoch: Int32 = 1
    package private(set) var metadataHash: Int64 = 0
    package private(set) var assignmentEpoch: Int32 = 0
    /// When that assignment was computed; zero where there is none.
    package private(set) var assignmentTime: Int64 = 0
    package private(set) var members: [Name: ConsumerMember] = [:]
    package private(set) var targets: [Name: TargetPartitions] = [:]
    /// Regular expressions and the topics that they matched.
    package private(set) var patterns: [Name: Set<Name>] = [:]
    /// Whether an older Kafka wrote a record that nobody writes any more.
    private(set) var hasPartitionMetadata = false

    /// Member ids by instance ids.
    private(set) var staticMembers: [Name: Name] = [:]
    /// Who has a partition, or has not given it up yet.
    private var owners: [TopicID: [Int32: Name]] = [:]
    /// How many members named each topic, and each expression.
    private(set) var topicSubscribers: [Name: Int] = [:]
    private(set) var patternSubscribers: [Name: Int] = [:]
    private(set) var classicMemberCount = 0
    /// How many members support each of the classic ways to assign.
    private(set) var classicSupporters: [Name: Int] = [:]
    /// The topics for which the hash, and the expressions, were looked at last; nil after a start.
    var topicsSeen: Int64?

    /// A group without members.
    init(id: Name) { self.id = id }

    /// What the group is doing.
    package var state: ConsumerGroupState {
        if members.isEmpty { return .empty }
        if epoch > assignmentEpoch { return .assigning }
        return members.values.allSatisfy { $0.isReconciled(to: assignmentEpoch) } ? .stable : .reconciling
    }

    /// Who has the partition, or has not given it up yet.
    func owner(of partition: Int32, _ topic: TopicID) -> Name? { owners[topic]?[partition] }

    /// The static member of that instance.
    func staticMember(_ instanceID: Name) -> ConsumerMember? {
        staticMembers[instanceID].flatMap { members[$0] }
    }

    /// All topics that members named or expressions matched.
    package var subscribedTopics: Set<Name> {
        patterns.values.reduce(into: Set(topicSubscribers.keys)) { $0.formUnion($1) }
    }

    /// Whether the group reads `topic`.
    package func isSubscribed(to topic: Name) -> Bool {
        topicSubscribers[topic] != nil || patterns.values.contains { $0.contains(topic) }
    }

    /// The names that a member's subscription stands for.
    func topicNames(of member: ConsumerMember) -> Set<Name> {
        guard !member.pattern.isEmpty, let matched = patterns[member.pattern] else {
            return member.subscribedTopics
        }
        return member.subscribedTopics.union(matched)
    }

    /// Whether partitions of the member's target are still with others.
    func isWaitingForOthers(_ member: ConsumerMember) -> Bool {
        (targets[member.id] ?? [:]).contains { topic, partitions in
            partitions.contains { partition in
                guard let owner = owner(of: partition, topic) else { return false }
                return owner != member.id
            }
        }
    }

    /// The assignor that most members ask for; of equals the one that is first by name.
    var preferredAssignor: Assignor? {
        var votes: [Name: Int] = [:]
        for member in members.values {
            if let name = member.assignor { votes[name, default: 0] += 1 }
        }
        let best = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return best.flatMap { Assignor(rawValue: $0.key) }
    }
}

// MARK: - Records

extension ConsumerGroup {
    /// Takes the epoch that a record tells.
    mutating func adopt(_ value: ConsumerGroupMetadataValue) {
        epoch = value.epoch
        metadataHash = value.metadataHash
    }

    /// Takes the assignment's epoch that a record tells; nil takes it back.
    mutating func adopt(_ value: ConsumerGroupTargetAssignmentMetadataValue?) {
        assignmentEpoch = value?.assignmentEpoch ?? 0
        assignmentTime = value?.assignmentTimestamp ?? 0
    }

    /// Notes whether there is a record that an older Kafka wrote.
    mutating func adopt(_ value: ConsumerGroupPartitionMetadataValue?) { hasPartitionMetadata = value != nil }

    /// Takes what a record says of a member; nil removes it.
    mutating func adopt(_ value: ConsumerGroupMemberMetadataValue?, of memberID: Name) {
        let before = members[memberID]
        var after = value.map { _ in before ?? ConsumerMember(id: memberID) }
        if let value { after?.adopt(value) }
        replace(memberID, before, after)
        if value == nil { targets[memberID] = nil }
    }

    /// Takes what a record says that a member has.
    mutating func adopt(_ value: ConsumerGroupCurrentMemberAssignmentValue?, of memberID: Name) {
        // The record of its end may have outlived, in a compacted log, everything else about a member.
        guard value != nil || members[memberID] != nil else { return }
        var after = members[memberID] ?? ConsumerMember(id: memberID)
        after.adopt(value)
        replace(memberID, members[memberID], after)
    }

    /// Takes what a record says that a member should have; nil takes it back.
    mutating func adopt(_ value: ConsumerGroupTargetAssignmentMemberValue?, of memberID: Name) {
        targets[memberID] = value.map { TargetPartitions($0.topicPartitions) }
    }

    /// Takes what an expression matched; nil forgets the expression.
    mutating func adopt(_ value: ConsumerGroupRegularExpressionValue?, of pattern: Name) {
        patterns[pattern] = value.map { Set($0.topics) }
    }

    private mutating func replace(_ id: Name, _ before: ConsumerMember?, _ after: ConsumerMember?) {
        if let before { count(before, by: -1) }
        members[id] = after
        if let after { count(after, by: 1) }
        guard before?.assigned != after?.assigned || before?.pendingRevocation != after?.pendingRevocation
        else { return }
        if let before {
            own(before.assigned, before.id, false); own(before.pendingRevocation, before.id, false)
        }
        if let after { own(after.assigned, after.id, true); own(after.pendingRevocation, after.id, true) }
    }

    private mutating func own(_ partitions: HeldPartitions, _ member: Name, _ isOwner: Bool) {
        for (topic, held) in partitions {
            for partition in held.keys {
                if isOwner {
                    owners[topic, default: [:]][partition] = member
                } else if owners[topic]?[partition] == member {
                    owners[topic]?[partition] = nil
                }
            }
            if owners[topic]?.isEmpty == true { owners[topic] = nil }
        }
    }

    private mutating func count(_ member: ConsumerMember, by step: Int) {
        for topic in member.subscribedTopics { topicSubscribers.count(topic, by: step) }
        if !member.pattern.isEmpty { patternSubscribers.count(member.pattern, by: step) }
        if let side = member.classic {
            classicMemberCount += step
            for name in Set(side.protocols.map(\.name)) { classicSupporters.count(name, by: step) }
        }
        guard let instance = member.instanceID else { return }
        if step > 0 {
            staticMembers[instance] = member.id
        } else if staticMembers[instance] == member.id {
            staticMembers[instance] = nil
        }
    }

    /// The records that take the whole group back.
    var tombstones: [GroupRecord] {
        let ids = members.keys.sorted()
        var records: [GroupRecord] = ids.map { .consumerCurrent(.init(id, $0), nil) }
        records += ids.map { .consumerTargetMember(.init(id, $0), nil) }
        records.append(.consumerTarget(.init(id), nil))
        records += ids.map { .consumerMember(.init(id, $0), nil) }
        records += patterns.keys.sorted().map { .consumerRegex(.init(id, $0), nil) }
        if hasPartitionMetadata { records.append(.consumerPartitions(.init(id), nil)) }
        records.append(.consumerGroup(.init(id), nil))
        return records
    }
}

extension [Name: Int] {
    /// Adds `step` to the number of `key`; zero is not kept.
    fileprivate mutating func count(_ key: Name, by step: Int) {
        let number = self[key, default: 0] + step
        self[key] = number > 0 ? number : nil
    }
}
