// Offsets that nobody uses any more are forgotten (KIP-211), and groups with them.
package import Base

extension GroupCoordinator {
    /// Forgets the offsets of topics that were deleted.
    mutating func forgetTopics(_ topics: Set<Name>) {
        for group in offsets.groups.sorted() {
            for (topic, partitions) in offsets.all(of: group) where topics.contains(topic) {
                for partition in partitions.keys.sorted() {
                    emit(OffsetTable.tombstone(group, topic, partition))
                }
            }
        }
    }

    /// Forgets the offsets of topics that are gone, or were made anew under their old name.
    ///
    /// Offsets that do not say which topic they mean are left to expire.
    mutating func forgetTopics(except topics: [Name: TopicID]) {
        for group in offsets.groups.sorted() {
            for (topic, partitions) in offsets.all(of: group) {
                for (partition, committed) in partitions.sorted(by: { $0.key < $1.key })
                where committed.topicID != .zero && committed.topicID != topics[topic] {
                    emit(OffsetTable.tombstone(group, topic, partition))
                }
            }
        }
    }

    /// Forgets offsets that have expired, and groups without members that have no offsets left.
    mutating func expire() {
        for id in groups.classic.keys.sorted() {
            var count = 0
            if let rule = ExpiryRule(groups.classic[id], settings) {
                for (topic, partitions) in offsets.all(of: id) where rule.concerns(topic) {
                    for (partition, committed) in partitions.sorted(by: { $0.key < $1.key })
                    where rule.expiry(of: committed) <= now.wall {
                        emit(OffsetTable.tombstone(id, topic, partition))
                        count += 1
                    }
                }
            }
            if count > 0 { note(id, .offsetsExpired(count)) }
            if groups.classic[id]?.state == .empty, offsets.isEmpty(id) { remove(id) }
        }
        expireConsumers()
    }

    /// When the next offset expires as things stand; nil if none will before something is written.
    package var nextExpiry: Timestamp? {
        var next = nextConsumerExpiry
        for (id, group) in groups.classic {
            guard let rule = ExpiryRule(group, settings) else { continue }
            for (topic, partitions) in offsets.all(of: id) where rule.concerns(topic) {
                for committed in partitions.values {
                    let expiry = rule.expiry(of: committed)
                    next = min(next ?? expiry, expiry)
                }
            }
        }
        return next
    }
}

/// From when on the offsets of a group count as unused; nil while they are in use.
private struct ExpiryRule {
    private let group: ClassicGroup
    private let retentionMilliseconds: Int64
    /// From when on all of them are unused; nil where each is since it was committed.
    private let since: Timestamp?

    init?(_ group: ClassicGroup?, _ settings: GroupSettings) {
        guard let group else { return nil }
        self.group = group
        retentionMilliseconds = settings.offsetRetentionMilliseconds
        if group.protocolType == nil {
            since = nil  // nobody ever joined: only commits show that it is used
        } else if group.state == .empty {
            since = group.stateTimestamp
        } else if group.state == .stable, group.isOfConsumers, group.knowsSubscriptions {
            since = nil
        } else {
            return nil
        }
    }

    /// Whether offsets of `topic` can expire: not while members read it.
    func concerns(_ topic: Name) -> Bool { !group.isSubscribed(to: topic) }

    func expiry(of committed: CommittedOffset) -> Timestamp {
        if let expires = committed.expires { return expires }
        let (sum, overflow) = (since ?? committed.committed).milliseconds.addingReportingOverflow(
            retentionMilliseconds)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }
}
