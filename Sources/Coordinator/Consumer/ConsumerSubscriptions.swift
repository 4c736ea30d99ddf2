// What the members of a group read together: expressions are matched with the topics that there are, and a
// change of any topic that is read gives the group a new epoch.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Matches expressions and compares topics with what they were, if anything could have changed; the epoch
    /// rises if it did, or if there is a `reason` already.
    mutating func lookAtTopics(of id: Name, _ reason: String?) {
        guard reason != nil || self[consumer: id].topicsSeen != topics.version else { return }
        var reason = reason
        if matchPatterns(of: id) { reason = reason ?? "other topics match" }
        let hash = MetadataHash.group(self[consumer: id].subscribedTopics, topics)
        if hash != self[consumer: id].metadataHash { reason = reason ?? "topics changed" }
        if let reason { raiseEpoch(of: id, hash, reason) }
        // Who has nothing written down yet is in no table.
        groups.consumer[id]?.topicsSeen = topics.version
    }

    /// Gives a group its next epoch.
    mutating func raiseEpoch(of id: Name, _ hash: Int64, _ reason: String) {
        let epoch = self[consumer: id].epoch
        var value = ConsumerGroupMetadataValue()
        // A group that has used all epochs up begins anew; members that have others are fenced and rejoin.
        value.epoch = epoch == .max ? 1 : epoch + 1
        value.metadataHash = hash
        emit(.consumerGroup(.init(id), value))
        note(id, .rebalanceBegan(reason: reason))
    }

    /// Matches all expressions of the group anew; whether any of them matches other topics than before.
    private mutating func matchPatterns(of id: Name) -> Bool {
        let patterns = self[consumer: id].patternSubscribers.keys.sorted()
        guard !patterns.isEmpty else { return false }
        var changed = false
        for text in patterns {
            var matched: Set<Name> = []
            // It was valid when a member brought it; from a log of somebody else's it might match nothing.
            if let pattern = try? TopicPattern(text) {
                for name in topics.names where pattern.matches(name) { matched.insert(name) }
            }
            guard self[consumer: id].patterns[text] != matched else { continue }
            var value = ConsumerGroupRegularExpressionValue()
            value.topics = matched.sorted()
            value.version = topics.version
            value.timestamp = now.wall.milliseconds
            emit(.consumerRegex(.init(id, text), value))
            changed = true
        }
        return changed
    }

    /// Takes back what expressions matched that no member has any more.
    mutating func forgetPatterns(in id: Name) {
        let group = self[consumer: id]
        for text in group.patterns.keys.sorted() where group.patternSubscribers[text] == nil {
            emit(.consumerRegex(.init(id, text), nil))
        }
    }
}
