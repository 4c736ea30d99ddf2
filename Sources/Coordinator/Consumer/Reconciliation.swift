// The way of one member from the partitions that it has to those that it should have: first it gives up what
// it shall not keep, then its epoch rises, and it gets what others have given up. No partition has two owners
// at any moment of it.
internal import Base
internal import Protocol

/// One step of a member towards its target.
struct Reconciliation {
    let targetEpoch: Int32
    let target: TargetPartitions
    /// The ids of the topics that it is subscribed to.
    let subscribed: Set<TopicID>
    /// Whether its subscription changed: then what it may no longer read goes at once.
    let mustMatchSubscription: Bool
    /// What it says that it has; nil if it says nothing.
    let reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]?
    /// Whether somebody has a partition.
    let isOwned: (Int32, TopicID) -> Bool

    /// The member afterwards.
    func step(_ member: ConsumerMember) -> ConsumerMember {
        switch member.state {
        case .stable:
            if member.epoch != targetEpoch { return next(member) }
            return mustMatchSubscription ? withoutUnsubscribed(member) : member
        case .unrevokedPartitions:
            guard stillHas(member.pendingRevocation) else { return next(member) }
            return mustMatchSubscription ? withoutUnsubscribed(member) : member
        case .unreleasedPartitions: return next(member)
        case .unknown:
            // A newer Kafka left it there; it came without partitions and begins anew.
            var fresh = member
            fresh.epoch = targetEpoch
            return next(fresh)
        }
    }

    /// Whether it has not confirmed yet that it gave all of these up.
    private func stillHas(_ partitions: HeldPartitions) -> Bool {
        guard let reported else { return true }
        return partitions.containsAny(of: reported)
    }

    private func next(_ member: ConsumerMember) -> ConsumerMember {
        var kept: HeldPartitions = [:]
        var revoked: HeldPartitions = [:]
        var granted: TargetPartitions = [:]
        var isWaiting = false
        for topic in Set(target.keys).union(member.assigned.keys) {
            let wanted = subscribed.contains(topic) ? target[topic] ?? [] : []
            let held = member.assigned[topic] ?? [:]
            let keeps = held.filter { wanted.contains($0.key) }
            let gives = held.filter { !wanted.contains($0.key) }
            var gets = wanted.filter { held[$0] == nil }
            // What it is itself about to give up is not somebody else's.
            let blocked = gets.filter { partition in
                isOwned(partition, topic) && member.pendingRevocation[topic]?[partition] == nil
            }
            gets.subtract(blocked)
            isWaiting = isWaiting || !blocked.isEmpty
            if !keeps.isEmpty { kept[topic] = keeps }
            if !gives.isEmpty { revoked[topic] = gives }
            if !gets.isEmpty { granted[topic] = gets }
        }
        var after = member
        after.assigned = kept
        if !revoked.isEmpty && stillHas(revoked) {
            after.state = .unrevokedPartitions
            after.pendingRevocation = revoked
            after.advance(to: member.epoch)
            return after
        }
        for (topic, partitions) in granted {
            for partition in partitions { after.assigned[topic, default: [:]][partition] = targetEpoch }
        }
        after.state = isWaiting ? .unreleasedPartitions : .stable
        after.pendingRevocation = [:]
        after.advance(to: targetEpoch)
        return after
    }

    private func withoutUnsubscribed(_ member: ConsumerMember) -> ConsumerMember {
        let removed = member.assigned.filter { !subscribed.contains($0.key) }
        guard !removed.isEmpty else { return member }
        var after = member
        after.assigned = member.assigned.filter { subscribed.contains($0.key) }
        let revoked = member.pendingRevocation.merging(removed) { $0.merging($1) { $1 } }
        if stillHas(revoked) {
            after.state = .unrevokedPartitions
            after.pendingRevocation = revoked
        }
        after.advance(to: member.epoch)
        return after
    }
}
