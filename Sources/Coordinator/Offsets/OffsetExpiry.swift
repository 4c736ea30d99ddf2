// Offsets that nobody uses any more are forgotten (KIP-211), and groups with them.
internal import Base

/// A look for offsets that have expired, and for groups without members that have no offsets left.
struct Expiry: LongWork {
    private var groups: NamesInSlices
    /// The group that is being looked at, what of it has expired, and how much of that is forgotten.
    private var group: Name?
    private var expired: ArraySlice<(topic: Name, partition: Int32)> = []
    private var forgottenCount = 0
    /// When the first of those that stay expires.
    private var next: Timestamp?

    init(_ shard: GroupCoordinator) { groups = NamesInSlices(shard.groups.ids) }

    var reply: GroupReply? { nil }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        var room = SliceLimits.stepsMax
        while room > 0 {
            if let id = group {
                forget(of: id, &shard, &room)
                guard expired.isEmpty else { return false }
                if forgottenCount > 0 { shard.note(id, .offsetsExpired(forgottenCount)) }
                forgottenCount = 0
                group = nil
                shard.removeIfUnused(id)
            } else if let id = groups.next() {
                group = id
                room -= 1 + shard.offsets[id].count / SliceLimits.offsetsLookedAt
                look(at: id, shard)
            } else {
                shard.nextExpiry = next
                return true
            }
        }
        return false
    }

    private mutating func look(at id: Name, _ shard: GroupCoordinator) {
        guard let rule = ExpiryRule(id, shard) else { return }
        for (topic, partitions) in shard.offsets.all(of: id) where rule.concerns(topic) {
            // What a transaction will replace is in use.
            for (partition, committed) in partitions.sorted(by: { $0.key < $1.key })
            where !shard.pending.contains(id, topic, partition) {
                let expiry = rule.expiry(of: committed)
                if expiry <= shard.now.wall {
                    expired.append((topic, partition))
                } else {
                    next = min(next ?? expiry, expiry)
                }
            }
        }
    }

    private mutating func forget(of id: Name, _ shard: inout GroupCoordinator, _ room: inout Int) {
        // Members may have come since it was looked at.
        guard !expired.isEmpty, let rule = ExpiryRule(id, shard) else { return expired = [] }
        while room > 0, let (topic, partition) = expired.popFirst() {
            guard let committed = shard.offsets[id, topic, partition], rule.concerns(topic),
                !shard.pending.contains(id, topic, partition),
                rule.expiry(of: committed) <= shard.now.wall
            else { continue }
            shard.emit(OffsetTable.tombstone(id, topic, partition))
            forgottenCount += 1
            room -= 1
        }
    }
}

extension GroupCoordinator {
    /// Whether a look for what has expired is under way.
    package var isExpiring: Bool { unfinished[.expiry] != nil }

    /// Takes a group back that has neither members nor offsets, unless something is being done to it.
    fileprivate mutating func removeIfUnused(_ id: Name) {
        guard offsets.isEmpty(id), pending.isEmpty(id), unfinished[.group(id)] == nil else { return }
        if groups.classic[id]?.state == .empty {
            remove(id)
        } else if groups.consumer[id]?.members.isEmpty == true {
            removeConsumerGroup(id)
        }
    }
}

/// From when on the offsets of a group count as unused; nil while they are in use.
private struct ExpiryRule {
    private let isRead: (Name) -> Bool
    private let retentionMilliseconds: Int64
    /// From when on all of them are unused; nil where each is since it was committed.
    private let since: Timestamp?

    init?(_ id: Name, _ shard: GroupCoordinator) {
        retentionMilliseconds = shard.settings.offsetRetentionMilliseconds
        if let group = shard.groups.consumer[id] {
            isRead = group.isSubscribed
            since = nil
            return
        }
        guard let group = shard.groups.classic[id] else { return nil }
        isRead = group.isSubscribed
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
    func concerns(_ topic: Name) -> Bool { !isRead(topic) }

    func expiry(of committed: CommittedOffset) -> Timestamp {
        if let expires = committed.expires { return expires }
        let (sum, overflow) = (since ?? committed.committed).milliseconds.addingReportingOverflow(
            retentionMilliseconds)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }
}
