// Compaction as a log sees it: it knows up to where transactions have ended, and which batches the state of
// its producers rests on.
package import Base

extension PartitionLog {
    /// What of the log may be compacted at `now`, where everything before `checkpoint` was; nil if nothing
    /// may.
    package func compactionCandidate(
        from checkpoint: Offset?, at now: Timestamp
    ) throws(StorageError) -> CompactionCandidate? {
        try segments?.candidate(from: checkpoint, below: bounds.lastStable, at: now)
    }

    /// Compacts the log as far as memory for its keys allows.
    ///
    /// Waits for the disk, and by `pace` for others. Records keep their offsets, and readers notice nothing.
    /// - Throws: `.closed` when it is to stop, or the log is deleted.
    func compact(
        _ candidate: CompactionCandidate, at now: Timestamp, _ limits: CompactionLimits,
        _ pace: CompactionPace, hasher: KeyHasher = .random(),
        saveRecoveryPoint: @escaping () throws(StorageError) -> Void
    ) throws(StorageError) -> CompactionReport? {
        guard let segments else { return nil }
        let producers = state.withLock { state in
            // The last that a crash cannot take back: or else nothing would tell that it was written.
            let end = state.bounds.highWatermark
            return state.producers.entries.mapValues { entry in
                let last = entry.recent.last { $0.lastOffset < end }
                return LastOfProducer(batch: last?.lastOffset, epoch: entry.epoch)
            }
        }
        return try Compactor(
            store: segments, candidate: candidate, producers: producers, now: now, limits: limits,
            pace: pace, hasher: hasher, saveRecoveryPoint: saveRecoveryPoint
        ).run()
    }

    /// The store, if it is one that is compacted here: an engine without segments sees to that itself.
    private var segments: SegmentStore? { store as? SegmentStore }
}
