// The end of a log: truncating it, closing it.
package import Base
internal import Records

extension SegmentStore {
    /// Drops the batch that contains `offset`, and everything behind it; durable when it returns.
    package func truncate(to offset: Offset) throws(StorageError) {
        if let identity { try services.journal?.forgetRecovered(identity.partition) }
        try surgery.withLock { _ throws(StorageError) in try truncateAlone(to: offset) }
    }

    private func truncateAlone(to offset: Offset) throws(StorageError) {
        try upkeep.withLock { _ throws(StorageError) in
            let isNeeded = try state.withLock { (state) throws(StorageError) in
                try requireWritable(state)
                return offset < state.end
            }
            guard isNeeded else { return }
            try leaveJournal()
            do throws(StorageError) {
                try state.withLock { (state) throws(StorageError) in
                    try requireWritable(state)
                    try cutAll(&state, at: offset)
                }
            } catch {
                // What was cut may be back after a power cut: the next start looks at the disk itself.
                failed(error)
                throw error
            }
        }
    }

    private func cutAll(_ state: inout State, at offset: Offset) throws(StorageError) {
        do throws(StorageError) {
            try cut(&state, at: offset)
        } catch {
            // What is left is for the next start to find out.
            state.failure = error
            state.filedEnd = min(state.filedEnd, state.active.segment.base)
            throw error
        }
        state.recents.clear()
        state.isTidy = false
        state.cuts += 1
        state.syncedEnd = min(state.syncedEnd, state.end)
        state.filedEnd = min(state.filedEnd, state.end)
        state.sealableEnd = min(state.sealableEnd, state.active.segment.base)
        state.syncedPlace = SyncedPlace(
            segmentBase: state.active.segment.base, position: state.active.sizeBytes)
        state.start = min(state.start, state.end)
        state.hasNewFile = true
    }

    private func cut(_ state: inout State, at offset: Offset) throws(StorageError) {
        while state.segments.count > 1, state.active.segment.base >= offset {
            // Counted at once: whoever asks after a failure must find the two in step.
            let last = state.segments.removeLast()
            state.unsealed = max(0, state.unsealed - 1)
            try last.segment.remove()
            // From the last one down, each for good: a crash must not leave a hole, or bring them back.
            try services.disk.syncDirectory(directory)
        }
        try cutActive(&state, at: offset)
        // A roll that failed may have left an empty file.
        var hasRemoved = false
        for entry in try services.disk.list(directory) {
            guard let base = Segment.offset(in: entry.name, suffix: ".log"), base > state.active.segment.base
            else { continue }
            try services.disk.remove(directory + "/" + entry.name)
            hasRemoved = true
        }
        if hasRemoved { try services.disk.syncDirectory(directory) }
    }

    /// Shortens the active segment and builds its indexes anew.
    private func cutActive(_ state: inout State, at offset: Offset) throws(StorageError) {
        let old = state.active
        guard let file = try old.segment.log(mayWait: true) else { return }
        var fresh = SegmentState(old.segment, openedAt: old.openedAt)
        let interval = state.config.indexIntervalBytes
        var end = old.segment.base
        _ = try walkHeaders(of: file, in: 0..<old.sizeBytes, blockBytes: 1 << 16, mayWait: true) {
            header, _ in
            guard header.lastOffset < offset else { return false }
            fresh.note(header, intervalBytes: interval)
            end = header.nextOffset
            return true
        }
        // The index files first: an entry without its batch would pass for damage.
        for kind in [IndexKind.offset, .time] { try old.segment.writableIndex(kind).truncate(to: 0) }
        try file.truncate(to: fresh.sizeBytes)
        try file.sync()
        state.active = fresh
        state.end = end
    }

    /// Ends appends and reads.
    package func close(isClean: Bool) throws(StorageError) {
        if isClean { try makeTidy() }
        // Nothing is renamed any more when this returns: the directory may get another owner.
        let bytes = surgery.withLock { _ in
            upkeep.withLock { _ in
                state.withLock { state in
                    state.isClosed = true
                    defer { state.unsyncedBytes = 0 }
                    return state.unsyncedBytes
                }
            }
        }
        services.flusher.forget(bytes)
    }

    /// Syncs what is left, gives reserved blocks back, and completes the index files.
    private func makeTidy() throws(StorageError) {
        let unsynced = try state.withLock { (state) throws(StorageError) -> Unsynced? in
            try requireWritable(state)
            // The file of a log without a single record may get lost: it would be made again.
            let hasNews = state.hasNewFile && state.end > .zero
            let wasPadded = try state.dropPadding()
            try state.openTrace()
            let isDirty = state.filedEnd < state.end || hasNews || state.unsealed > 0 || state.hasTrace
            return isDirty || wasPadded ? state.takeAll(directory) : nil
        }
        if let unsynced {
            do throws(StorageError) {
                try unsynced.sync(services.disk, services.failures)
            } catch {
                finish(unsynced, .failure(error), isJournalled: false)
                throw error
            }
            finish(unsynced, .success(()), isJournalled: false)
            services.flusher.forget(unsynced.bytes)
        }
        settle()
        try upkeep.withLock { _ throws(StorageError) in
            // What failed above, and was only noted, must not pass for clean.
            _ = try sealClosed()
            // Thousands of partitions may have nothing to be tidied, and a stop has not much time.
            let isTidy = state.withLock { $0.isTidy || $0.active.sizeBytes == 0 }
            if !isTidy {
                let (file, size) = try state.withLock { (state) throws(StorageError) in
                    state.active.noteTime()
                    return (try state.active.segment.log(mayWait: true), state.active.sizeBytes)
                }
                try file?.truncate(to: size)
                try writeIndexes(minimumPending: 0)
                // The marker of a clean stop vouches for them, to the last byte.
                let active = state.withLock { $0.active }
                for index in [active.index, active.times] where index.stored > 0 {
                    try active.segment.writableIndex(index.kind).sync()
                }
            }
            // All is synced; as many descriptors as partitions may be too many.
            state.withLock { $0.active.segment.closeFiles() }
        }
    }
}
