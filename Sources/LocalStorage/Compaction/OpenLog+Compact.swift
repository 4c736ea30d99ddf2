// Compaction of one open log: the log above knows up to where transactions have ended, and which batches the
// state of its producers rests on.
internal import Base
internal import Storage

extension OpenLog {
    /// What of the log may be compacted at `now`, where everything before `checkpoint` was; nil if nothing
    /// may.
    func compactionCandidate(
        from checkpoint: Offset?, at now: Timestamp
    ) throws(StorageError) -> CompactionCandidate? {
        try store.candidate(from: checkpoint, below: log.bounds.lastStable, at: now)
    }

    /// Compacts the log as far as memory for its keys allows.
    ///
    /// Waits for the disk, and by `pace` for others. Records keep their offsets, and readers notice nothing.
    /// - Throws: `.closed` when it is to stop, or the log is deleted.
    func compact(
        _ candidate: CompactionCandidate, at now: Timestamp, _ limits: CompactionSettings,
        _ pace: CompactionPace, hasher: KeyHasher = .random(),
        saveRecoveryPoint: @escaping () throws(StorageError) -> Void
    ) throws(StorageError) -> CompactionReport {
        try Compactor(
            store: store, candidate: candidate, producers: log.lastOfProducers, now: now, limits: limits,
            pace: pace, hasher: hasher, saveRecoveryPoint: saveRecoveryPoint
        ).run()
    }
}
