// Offsets of topics that are gone are forgotten, also of topics that were deleted while nobody looked.
internal import Base

/// Which offsets have lost their topics.
enum LostTopics: Sendable {
    /// Those of topics that were deleted just now.
    case deleted(Set<Name>)
    /// Those of topics that are gone, or were made anew under their old name. Offsets that do not say which
    /// topic they mean are left to expire.
    case unlike([Name: TopicID])

    func include(_ topic: Name, _ committed: CommittedOffset) -> Bool {
        switch self {
        case .deleted(let names): names.contains(topic)
        case .unlike(let ids): committed.topicID != .zero && committed.topicID != ids[topic]
        }
    }
}

/// Forgets the offsets of topics that are gone.
private struct OffsetSweep: LongWork {
    private let lost: LostTopics
    /// What there was when they went: an offset that was committed since is another topic's.
    private let before: OffsetTable
    private var groups: NamesInSlices
    /// The group that is being looked at, and what of it is to be forgotten.
    private var group: Name?
    private var unused: ArraySlice<(topic: Name, partition: Int32, committed: CommittedOffset)> = []

    init(_ lost: LostTopics, _ offsets: OffsetTable) {
        self.lost = lost
        before = offsets
        groups = NamesInSlices(offsets.groups)
    }

    var reply: GroupReply? { nil }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        var room = SliceLimits.stepsMax
        while room > 0 {
            if let group, let (topic, partition, committed) = unused.popFirst() {
                guard shard.offsets[group, topic, partition] == committed else { continue }
                shard.emit(OffsetTable.tombstone(group, topic, partition))
                room -= 1
            } else if let next = groups.next() {
                group = next
                room -= 1 + before[next].count / SliceLimits.offsetsLookedAt
                look(at: next)
            } else {
                return true
            }
        }
        return false
    }

    private mutating func look(at group: Name) {
        for (topic, partitions) in before.all(of: group) {
            for (partition, committed) in partitions.sorted(by: { $0.key < $1.key })
            where lost.include(topic, committed) {
                unused.append((topic, partition, committed))
            }
        }
    }
}

extension GroupCoordinator {
    /// Forgets the offsets of topics that are gone.
    ///
    /// Those of open transactions go at once, as they are few.
    mutating func forgetOffsets(_ lost: LostTopics) {
        for (group, topic, partition) in pending.places(where: lost.include) {
            emit(OffsetTable.tombstone(group, topic, partition))
        }
        guard !offsets.isEmpty else { return }
        deletionCount += 1
        begin(OffsetSweep(lost, offsets), .deletedTopics(deletionCount), nil)
    }
}
