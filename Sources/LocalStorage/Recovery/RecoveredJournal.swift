// The journal of a run that did not end cleanly, set aside at the next start: each partition's part of it is
// written into the partition's segments when the partition is opened, so that nobody waits for all of them.
// It is removed, and void, once every part is on the disk in its own file.
internal import Base
internal import Storage

/// What an earlier run's journal still holds.
final class RecoveredJournal: EarlierJournal {
    private struct State: Sendable {
        /// Entries that were not replayed yet; one list for each topic that the name stood for.
        var waiting: [TopicPartition: [[PlacedEntry]]]
        /// What was durable of those that were.
        var bounds: [TopicPartition: Offset] = [:]
        /// Whether the file is gone.
        var isRemoved = false
    }

    private final class Turn: Sendable {
        let lock = Lock(())
    }

    private let replay: JournalReplay
    private let file: any DiskFile
    private let suspects: OffsetCheckpoint
    /// The partitions that it holds something of.
    let members: Set<TopicPartition>
    /// Those, and the ones whose entries do not count: what retired them was read from the system's memory,
    /// and after a sync that failed it need not be on the disk.
    private let named: Set<TopicPartition>
    private let state: Lock<State>
    /// Each partition is replayed by one thread, while others replay other partitions.
    private let turns = (0..<16).map { _ in Turn() }

    /// The journal in `file`, which holds `contents`.
    init(
        _ replay: JournalReplay, _ file: any DiskFile, _ contents: JournalContents, suspects: OffsetCheckpoint
    ) {
        self.replay = replay
        self.file = file
        self.suspects = suspects
        let waiting = Dictionary(grouping: contents.live) { $0.key.partition }.mapValues { $0.map(\.entries) }
        members = Set(waiting.keys)
        named = contents.named
        state = Lock(State(waiting: waiting))
    }

    /// Whether the journal holds something of a partition, and is still there.
    func holds(_ partition: TopicPartition) -> Bool {
        members.contains(partition) && state.withLock { !$0.isRemoved }
    }

    /// Whether a later start may find something of a partition in the journal.
    func names(_ partition: TopicPartition) -> Bool {
        named.contains(partition) && state.withLock { !$0.isRemoved }
    }

    /// What was durable of a partition, whose segments hold it when the call returns.
    func replay(_ partition: TopicPartition) throws(StorageError) -> Offset {
        guard members.contains(partition) else { return .zero }
        let turn = turns[partition.hashValue & (turns.count - 1)]
        return try turn.lock.withLock { _ throws(StorageError) in
            let (waiting, known) = state.withLock { ($0.waiting[partition], $0.bounds[partition]) }
            var bound = known ?? .zero
            for entries in waiting ?? [] {
                let isSuspect = suspects.offsets[partition] != nil
                bound = max(bound, try replay.replay(entries, from: file, isSuspect: isSuspect))
            }
            state.withLock { state in
                state.waiting[partition] = nil
                state.bounds[partition] = bound
            }
            return bound
        }
    }

    /// Replays what is left, also of partitions that nobody opens, and removes the file.
    func finish(removing remove: () throws(StorageError) -> Void) throws(StorageError) {
        for partition in state.withLock({ Array($0.waiting.keys) }) { _ = try replay(partition) }
        try state.withLock { (state) throws(StorageError) in
            guard !state.isRemoved else { return }
            try remove()
            state.isRemoved = true
        }
    }
}
