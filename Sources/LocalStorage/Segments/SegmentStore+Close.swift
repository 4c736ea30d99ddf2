// Closing a log. A clean close goes in steps, each of which a stop takes for many logs before the next one
// begins: what thousands of partitions have to sync costs little more together than one of them alone.
internal import Base
internal import Storage

extension SegmentStore {
    /// Ends appends and reads.
    func close() {
        // Nothing is renamed any more when this returns: the directory may get another owner.
        let settled = surgery.withLock { _ in
            upkeep.withLock { _ in
                state.withLock { state in
                    state.ends.closed()
                    return state.ends.takeSettledBytes()
                }
            }
        }
        services.flusher.forget(settled)
    }

    /// Syncs what is left of the batches, and gives reserved blocks back.
    func tidyLog() throws(StorageError) {
        let unsynced = try state.withLock { (state) throws(StorageError) -> Unsynced? in
            try requireWritable(state)
            // The file of a log without a single record may get lost: it would be made again.
            let ends = state.ends
            let hasNews = ends.hasNewFile && ends.end > .zero
            let wasPadded = try state.dropPadding()
            try state.openTrace()
            let isDirty = ends.filed < ends.end || hasNews || ends.unsealed > 0 || ends.hasTrace
            return isDirty || wasPadded ? state.takeAll(directory) : nil
        }
        guard let unsynced else { return }
        do throws(StorageError) {
            try unsynced.sync(services.disk, services.failures)
        } catch {
            finish(unsynced, .failure(error), isJournalled: false)
            services.flusher.forget(unsynced.bytes)
            throw error
        }
        finish(unsynced, .success(()), isJournalled: false)
        services.flusher.forget(unsynced.bytes)
    }

    /// Completes the index files; those that a sync has to make durable.
    func tidyIndexes() throws(StorageError) -> [any DiskFile] {
        settleNow()
        return try upkeep.withLock { _ throws(StorageError) in
            // What failed above, and was only noted, must not pass for clean.
            _ = try sealClosed()
            // Thousands of partitions may have nothing to be tidied, and a stop has not much time.
            if state.withLock({ $0.isTidy || $0.active.sizeBytes == 0 }) { return [] }
            let (file, size) = try state.withLock { (state) throws(StorageError) in
                state.active.noteTime()
                return (try state.active.segment.log(mayWait: true), state.active.sizeBytes)
            }
            try file?.truncate(to: size)
            try writeIndexes(minimumPending: 0)
            // The marker of a clean stop vouches for them, to the last byte.
            let active = state.withLock { $0.active }
            var indexes: [any DiskFile] = []
            for index in [active.index, active.times] where index.stored > 0 {
                indexes.append(try active.segment.writableIndex(index.kind))
            }
            return indexes
        }
    }
}
