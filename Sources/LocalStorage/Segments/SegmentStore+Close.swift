// Closing a log. A clean close goes in steps, each of which a stop takes for many logs before the next one
// begins: what thousands of partitions have to sync costs little more together than one of them alone.
internal import Base
internal import Storage

extension SegmentStore {
    /// Ends appends and reads.
    func close() {
        // Nothing is renamed any more when this returns: the directory may get another owner.
        let settled = structureLock.withLock { _ in
            upkeep.withLock { _ in
                state.withLock { state in
                    state.ends.closed()
                    return state.ends.takeSettledBytes()
                }
            }
        }
        services.flusher.forget(settled)
    }

    /// Takes on what is left of the batches to be synced, and gives reserved blocks back; nil if nothing is.
    func takeRest() throws(StorageError) -> Unsynced? {
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
        guard let unsynced else { return nil }
        try tidying(unsynced, unsynced.giveBack)
        return unsynced
    }

    /// What was taken on is durable; it is synced now unless all of its volume was.
    func tidyLog(_ rest: Unsynced, isSynced: Bool) throws(StorageError) {
        if !isSynced {
            try tidying(rest) { () throws(StorageError) in
                try rest.syncInPlace(services.disk, services.failures)
            }
        }
        finish(rest, .success(()), isJournalled: false)
        services.flusher.forget(rest.bytes)
    }

    /// Does something with what was taken on; whatever goes wrong takes the log offline.
    private func tidying(_ rest: Unsynced, _ body: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) { try body() } catch {
            finish(rest, .failure(error), isJournalled: false)
            services.flusher.forget(rest.bytes)
            throw error
        }
    }

    /// Completes the index files; those that a sync has to make durable.
    func tidyIndexes() throws(StorageError) -> [any DiskFile] {
        settleNow()
        return try upkeep.withLock { _ throws(StorageError) in
            // What failed above, and was only noted, must not pass for clean: another sync would succeed and
            // mean nothing.
            try state.withLock { (state) throws(StorageError) in try requireWritable(state) }
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
