// At which offset each leader's epoch began (KIP-101). Followers and consumers ask where an epoch ended to
// find out whether they hold records that no longer exist.
package import Base

/// The epochs of a log, ascending in epoch and in offset.
package struct LeaderEpochs: Equatable, Sendable {
    /// An epoch and its first offset.
    package struct Entry: Equatable, Sendable {
        /// The number of the epoch.
        package var epoch: LeaderEpoch
        /// The offset of its first record.
        package var start: Offset

        /// `epoch` begins at `start`.
        package init(epoch: LeaderEpoch, start: Offset) {
            self.epoch = epoch
            self.start = start
        }
    }

    /// The epochs, the first one first.
    package private(set) var entries: [Entry] = []
    /// Those of a log that was led in one epoch: most of many thousand logs share it.
    private static let onlyFirst = [Entry(epoch: .zero, start: .zero)]

    /// No epochs.
    package init() {}

    /// The epoch of the last record, or one that was begun since.
    package var latest: Entry? { entries.last }

    /// Notes that `epoch` begins at `start`, if it is a new one.
    ///
    /// Entries that contradict it are dropped.
    package mutating func assign(_ epoch: LeaderEpoch, from start: Offset) {
        guard epoch.value >= 0, epoch > latest?.epoch ?? LeaderEpoch(-1) else { return }
        while let last = entries.last, last.start >= start { entries.removeLast() }
        if entries.isEmpty, epoch == .zero, start == .zero {
            entries = Self.onlyFirst
        } else {
            entries.append(Entry(epoch: epoch, start: start))
        }
    }

    /// Where `epoch`, or else the greatest one before it, ended: the start of the next epoch, or `end` for
    /// the latest.
    ///
    /// An epoch before the first answers itself and the start of the first. Nil if nothing is known, or
    /// `epoch` lies in the future or is -1, which stands for none.
    package func end(of epoch: LeaderEpoch, logEnd end: Offset) -> (epoch: LeaderEpoch, offset: Offset)? {
        guard let latest, epoch.value != -1 else { return nil }
        if epoch == latest.epoch { return (epoch, end) }
        guard let higher = entries.firstIndex(where: { $0.epoch > epoch }) else { return nil }
        return higher == 0 ? (epoch, entries[0].start) : (entries[higher - 1].epoch, entries[higher].start)
    }

    /// The epoch to which `offset` belongs.
    package func epoch(of offset: Offset) -> LeaderEpoch? { entries.last { $0.start <= offset }?.epoch }

    /// Forgets epochs that begin at `end` or behind it.
    package mutating func truncate(to end: Offset) {
        while let last = entries.last, last.start >= end { entries.removeLast() }
    }

    /// Forgets epochs that ended before `start`; the one that contains it begins there from now on.
    package mutating func trim(to start: Offset) {
        while entries.count > 1, entries[1].start <= start { entries.removeFirst() }
        if let first = entries.first, first.start < start { entries[0].start = start }
    }
}
