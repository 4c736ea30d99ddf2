// How far the start of a directory has come: what the last run vouched for, what its journal made durable,
// which partitions are still to be opened, and what was found in them and is not synced yet. Partitions are
// opened while others are in use already; checkpoints follow the last.
internal import Base
internal import Storage

/// What a start has to make good, and what the next marker of a clean stop may not vouch for.
///
/// `state` is a last lock: nothing is asked of anybody under it.
final class DirectoryOpening: Sendable {
    struct State: Sendable {
        /// Whether the next start must look at all partitions again.
        var hasDoubts = false
        /// Partitions whose files were refused though the last stop was clean: the next marker does not vouch
        /// for them.
        var doubtful: Set<TopicPartition>
        /// What was durable by a journal that was replayed at once.
        var journalBounds: [TopicPartition: Offset]
        /// What the start found and has not synced yet, and how many are at it.
        var recovered: [SegmentStore] = []
        var recoverers = 0
        /// How many partitions lie here that are still to be opened.
        var unopened = 0
        /// Whether all were opened, so that the start is over once what it found is synced.
        var isOpened = false
        /// Whether the run ends, and leaves what is not synced.
        var isEnding = false
        /// Whether nothing is left of what the start had to sync.
        var isRecovered: Bool { isOpened && !isEnding && recovered.isEmpty && recoverers == 0 }
    }

    let path: String
    let services: StoreServices
    /// Whether the last stop left a marker.
    let hadMarker: Bool
    let state: Lock<State>

    /// A start of the directory at `path`, after a stop that vouched for all partitions but those that are
    /// `doubtful`, or a crash whose journal made them durable up to `journalBounds`.
    init(
        _ path: String, _ services: StoreServices, hadMarker: Bool, doubtful: Set<TopicPartition>,
        journalBounds: [TopicPartition: Offset]
    ) {
        self.path = path
        self.services = services
        self.hadMarker = hadMarker
        state = Lock(State(doubtful: doubtful, journalBounds: journalBounds))
    }

    /// What an older journal made durable of a partition.
    func journalBound(of partition: TopicPartition) -> Offset {
        state.withLock { $0.journalBounds[partition] ?? .zero }
    }

    /// Earlier partitions of these names are of no concern to those that are made now.
    func forget(_ partitions: [TopicPartition]) {
        state.withLock { state in
            for partition in partitions {
                state.journalBounds[partition] = nil
                state.doubtful.remove(partition)
            }
        }
    }

    /// The run ends.
    func end() { state.withLock { $0.isEnding = true } }

    /// Finds what holds never: work that nobody is at, partitions that were met and not expected, doubts
    /// beside a marker that there is not.
    func checkInvariants() throws(InvariantViolation) {
        let state = state.withLock { $0 }
        try invariant(
            (0...Self.recoverersMax).contains(state.recoverers),
            "\(state.recoverers) are at what the start found")
        try invariant(
            state.recovered.isEmpty || state.recoverers > 0 || state.isEnding,
            "nobody is at \(state.recovered.count) logs that the start found")
        try invariant(state.unopened >= 0, "\(state.unopened) partitions are still to be opened")
        try invariant(
            state.doubtful.isEmpty || hadMarker,
            "a list excepts partitions from a marker that there was not")
    }
}

// MARK: Doubts

extension DirectoryOpening {
    /// The partitions that the next marker does not vouch for.
    var doubtful: Set<TopicPartition> { state.withLock { $0.doubtful } }

    /// Whether the last stop vouched for a partition's files.
    func isVouchedFor(_ partition: TopicPartition) -> Bool {
        hadMarker && !state.withLock { $0.doubtful.contains(partition) }
    }

    /// Takes note of files that were refused, or are good.
    func judged(_ partition: TopicPartition, isGood: Bool) {
        state.withLock { state in
            if isGood {
                state.doubtful.remove(partition)
            } else if hadMarker {
                state.doubtful.insert(partition)
            } else {
                state.hasDoubts = true
            }
        }
    }

    /// The doubts of the last marker about a partition go with its files.
    func deleted(_ partition: TopicPartition) { state.withLock { _ = $0.doubtful.remove(partition) } }

    /// No marker may vouch for what this run leaves.
    func doubt() { state.withLock { $0.hasDoubts = true } }

    /// Whether a marker may vouch for all but the doubtful; `isAllOpen` tells whether this run has seen every
    /// partition, which counts after a crash.
    func mayVouch(_ isAllOpen: () throws(StorageError) -> Bool) throws(StorageError) -> Bool {
        if state.withLock({ $0.hasDoubts }) { return false }
        if hadMarker { return true }
        return try isAllOpen()
    }
}

// MARK: What is still to be opened

extension DirectoryOpening {
    /// How many partitions are still to be opened.
    var unopened: Int { state.withLock { $0.unopened } }

    /// So many partitions lie here that will be opened sooner or later.
    func expect(_ partitions: Int) { state.withLock { $0.unopened += partitions } }

    /// One of them was opened, or could not be, or is not wanted any more.
    func met() { state.withLock { $0.unopened -= 1 } }

    /// All partitions were opened that ever will be; whether nothing is left to be synced either.
    func finish() -> Bool {
        do throws(StorageError) {
            try services.journal?.finishRecovered()
        } catch {
            // It stays, and the next start replays it.
            services.logger.log(.error, "journal.kept", ["directory": path, "reason": error.description])
        }
        return state.withLock { state in
            state.isOpened = true
            return state.isRecovered
        }
    }
}
