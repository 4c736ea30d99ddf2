// A store's part in the journal: it offers the end of its active segment as a run, syncs its files later, and
// sees to it that nothing in the journal speaks of bytes that are about to go.
internal import Base
internal import Storage

extension SegmentStore {
    /// Has the system write whatever is not synced.
    func startWriteBack() {
        let unsynced = state.withLock { state in
            state.ends.isWritable && state.ends.filed < state.end
                ? state.everything(directory) : nil
        }
        unsynced?.startWriteBack()
    }

    /// Syncs what the journal stands in for; false if that failed, now or before.
    func syncJournalled() -> Bool {
        let found = state.withLock { state -> (unsynced: Unsynced, newest: Offset)? in
            guard state.ends.isWritable, state.ends.filed < state.ends.synced else { return nil }
            return (state.everything(directory), state.active.segment.base)
        }
        guard let found else {
            return state.withLock {
                $0.failure == nil || $0.isClosed || $0.ends.filed >= $0.ends.synced
            }
        }
        do throws(StorageError) {
            try found.unsynced.syncInPlace(services.disk, services.failures)
        } catch {
            finish(found.unsynced, .failure(error), isJournalled: false)
            // The flusher's turn tells the log above.
            if state.withLock({ $0.ends.mustQueue() }) { services.flusher.enqueue(self) }
            return state.withLock { $0.isClosed }
        }
        state.withLock { state in
            state.ends.filed(
                to: found.unsynced.end, hasNewestName: found.newest == state.active.segment.base)
        }
        return true
    }

    /// Lets go of the files that opening the log took, while nobody else has it: most partitions are not used
    /// soon.
    func closeFiles() { for segment in state.withLock({ $0.segments }) { segment.segment.closeFiles() } }

    /// The same where the logs themselves are still to be synced.
    func closeIndexes() { for segment in state.withLock({ $0.segments }) { segment.segment.closeIndexes() } }

    /// Whether a start has left something to be synced.
    var isUnsynced: Bool {
        state.withLock { $0.ends.isWritable && $0.ends.isDirty }
    }

    /// Syncs everything, on any thread: what a start found beyond what is known to be durable, and segments
    /// that were closed; the flusher's turn tells the log above.
    func syncUnsealed() {
        guard isUnsynced else { return }
        let (unsynced, newest) = state.withLock { ($0.everything(directory), $0.active.segment.base) }
        do throws(StorageError) {
            try unsynced.sync(services.disk, services.failures)
            state.withLock { state in
                state.synced(unsynced, isJournalled: false)
                state.ends.filed(
                    to: unsynced.end, hasNewestName: newest == state.active.segment.base)
            }
        } catch {
            finish(unsynced, .failure(error), isJournalled: false)
        }
        if state.withLock({ $0.ends.mustQueue() }) { services.flusher.enqueue(self) }
    }

    /// Takes no more appends; the log above hears of it in the flusher's next turn.
    func goOffline(_ error: StorageError) {
        let (settled, mustQueue) = state.withLock { state in
            guard state.ends.isWritable else { return (0, false) }
            state.ends.failed(error)
            return (state.ends.takeSettledBytes(), state.ends.mustQueue())
        }
        services.flusher.forget(settled)
        if mustQueue { services.flusher.enqueue(self) }
    }

    /// Makes the files stand for themselves, and voids what the journal holds of them.
    ///
    /// Comes before segments are renamed or removed. What is appended meanwhile
    /// goes past the journal.
    private func leaveJournal() throws(StorageError) {
        guard let identity, let journal = services.journal else { return }
        let (old, unsynced) = state.withLock { state in
            let old = state.incarnation
            state.incarnation = journal.newIncarnation()
            state.ends.leavesJournal(true)
            return (old, state.ends.filed < state.end ? state.everything(directory) : nil)
        }
        defer { state.withLock { $0.ends.leavesJournal(false) } }
        if let unsynced {
            do throws(StorageError) {
                try unsynced.syncInPlace(services.disk, services.failures)
            } catch {
                finish(unsynced, .failure(error), isJournalled: false)
                throw error
            }
        }
        try journal.retire([(identity, old)])
        if let unsynced { state.withLock { $0.ends.filed(to: unsynced.end, hasNewestName: false) } }
    }

    /// Lets go of what the journal holds of segments that begin below `base` and are about to be removed or
    /// replaced, or else a replay would bring back what they held.
    func leaveJournal(below base: Offset) throws(StorageError) {
        guard let identity, let journal = services.journal else { return }
        try journal.forgetRecovered(identity.partition)
        guard journal.holds(identity, below: base) else { return }
        try upkeep.withLock { _ throws(StorageError) in try leaveJournal() }
    }
}

extension SegmentStore.State {
    /// Moves the durable end to what a turn made durable.
    mutating func synced(_ unsynced: Unsynced, isJournalled: Bool) {
        let hasName = unsynced.directory != nil
        if isJournalled {
            ends.journalled(to: unsynced.end, at: unsynced.place, hadName: hasName)
        } else {
            ends.synced(to: unsynced.end, at: unsynced.place, hasName: hasName)
        }
    }

    /// Adds what the journal needs to know.
    func describe(_ unsynced: inout Unsynced, for identity: LogIdentity) {
        var note = JournalEntry(.note, identity, incarnation: incarnation)
        note.baseOffset = unsynced.end
        unsynced.note = note
        let active = segments[segments.count - 1]
        guard ends.mayJournal, config.durability == .disk,
            let file = unsynced.active,
            let place = ends.syncedPlace, place.segmentBase == active.segment.base,
            place.position < active.sizeBytes
        else { return }
        unsynced.run = JournalRun(
            file: file, identity: identity, incarnation: incarnation, segmentBase: place.segmentBase,
            position: place.position, length: Int(active.sizeBytes - place.position), leaderEpoch: epoch)
    }
}
