// What the flusher does with a store: sync, tell, and then let index entries follow what has become durable.
// Nothing on the disk is ever ahead of it.
internal import Base
internal import Storage

extension SegmentStore: FlushTarget {
    /// With `apus.durability=os` bytes wait for a sync until so many have gathered, or their segment is
    /// closed.
    private static let osSyncBytes = 64 << 20

    /// Takes the files that hold unsynced bytes.
    func takeUnsynced() -> Unsynced? {
        let (unsynced, settled) = state.withLock { state -> (Unsynced?, Int) in
            state.ends.wasLookedAt()
            let settled = state.ends.takeSettledBytes()
            guard state.ends.isWritable, state.ends.isDirty else { return (nil, settled) }
            let isPatient = state.config.durability == .os && state.ends.unsealed == 0
            if isPatient, state.ends.patientBytes < SegmentStore.osSyncBytes { return (nil, settled) }
            var unsynced = state.takeAll(directory)
            if let identity { state.describe(&unsynced, for: identity) }
            assertInvariants { () throws(InvariantViolation) in try state.checkInvariants() }
            return (unsynced, settled)
        }
        if settled > 0 { services.flusher.forget(settled) }
        return unsynced
    }

    /// Moves the durable end, or takes the store offline.
    func finish(_ unsynced: Unsynced, _ result: Result<Void, StorageError>, isJournalled: Bool) {
        let (settled, isNews) = state.withLock { state -> (Int, Bool) in
            switch result {
            case .success:
                state.synced(unsynced, isJournalled: isJournalled)
                assertInvariants { () throws(InvariantViolation) in try state.checkInvariants() }
                let place = unsynced.place
                state.recents.note(unsynced.end, at: place.position, in: place.segmentBase)
                return (0, false)
            case .failure(let error):
                // A partition that is being deleted may lose its directory during its last sync.
                guard !state.isClosed else { return (0, false) }
                // That is so for a log, too, that is offline already, as the journal failed before.
                let isNews = state.failure == nil || !isJournalled
                // After a failed fsync the kernel calls the lost pages clean: trying again would succeed and
                // mean nothing.
                state.ends.failed(error)
                return (state.ends.takeSettledBytes(), isNews)
            }
        }
        services.flusher.forget(settled)
        if isNews, case .failure(let error) = result { noteFailedSync(error) }
    }

    /// Says in the log, and for the next start, that a sync failed.
    func noteFailedSync(_ error: StorageError) {
        services.logger.log(
            .error, "log.taken_offline", ["directory": directory, "reason": error.description])
        if let identity { services.suspects?.add(identity.partition, from: kept.recoveryPoint) }
    }

    private typealias Announcement = (
        events: (any LogStoreEvents)?, news: StoreBounds?, failure: StorageError?
    )

    /// Tells the log above what it has not heard yet.
    func announce() {
        let (events, news, failure) = state.withLock { state in
            guard let events = state.events else { return (nil, nil, nil) as Announcement }
            let isNews = state.durableEnd > state.toldEnd
            if isNews { state.toldEnd = state.durableEnd }
            defer { state.hasToldFailure = state.failure != nil }
            return (events, isNews ? state.bounds : nil, state.hasToldFailure ? nil : state.failure)
        }
        if let news { events?.storeAdvanced(news) }
        if let failure { events?.storeFailed(failure) }
    }

    /// Writes index entries that have become durable; closed segments are sealed in the background, as their
    /// indexes have to be synced, and thousands of logs may roll at once.
    func settle() {
        if state.withLock({ $0.sealable != nil }) { services.sealing.add(self) } else { settleNow() }
    }

    /// Writes index entries that have become durable, and seals closed segments.
    func settleNow() {
        var hasSealed = false
        let (events, syncedEnd) = upkeep.withLock { _ in
            do throws(StorageError) {
                hasSealed = try sealClosed()
                try writeIndexes(minimumPending: SegmentLimits.indexEntriesPending)
            } catch {
                // Indexes can be rebuilt; unless a sync failed, the next turn tries again.
                services.logger.logLimited(
                    .warning, "index_write.failed", ["directory": directory, "reason": error.description])
            }
            return state.withLock { ($0.events, $0.ends.synced) }
        }
        events?.storeSettled(syncedEnd)
        if hasSealed { services.flusher.sealed() }
    }

    /// Completes the index files of segments that were closed and are synced.
    ///
    /// They are synced too, as recovery trusts them below the recovery point.
    func sealClosed() throws(StorageError) -> Bool {
        var hasSealed = false
        while true {
            guard let number = state.withLock({ $0.sealable }) else { return hasSealed }
            try sync(try writeIndex(\.index, of: number, minimumPending: 0))
            try sync(try writeIndex(\.times, of: number, minimumPending: 0))
            state.withLock { state in
                state.ends.sealed()
                state.segments[number].reservedBytes = 0
            }
            hasSealed = true
        }
    }

    /// Syncs an index file; a failure takes the store offline, as another try would succeed and mean nothing.
    func sync(_ index: (any DiskFile)?) throws(StorageError) {
        do throws(StorageError) {
            try services.failures.counted { () throws(StorageError) in try index?.sync() }
        } catch {
            goOffline(error)
            noteFailedSync(error)
            throw error
        }
    }

    /// Writes the entries of the active segment that have become durable, if at least `minimumPending` wait.
    func writeIndexes(minimumPending: Int) throws(StorageError) {
        let number = state.withLock { state -> Int? in
            guard !state.isClosed, state.failure == nil else { return nil }
            let isDue =
                state.active.index.pending >= max(minimumPending, 1)
                || state.active.times.pending >= max(minimumPending, 1)
            return minimumPending == 0 || isDue ? state.segments.count - 1 : nil
        }
        guard let number else { return }
        try writeIndex(\.index, of: number, minimumPending: minimumPending)
        try writeIndex(\.times, of: number, minimumPending: minimumPending)
    }

    /// Appends durable entries to one index file; with a `minimumPending` of 0 the file exists afterwards in
    /// any case.
    @discardableResult
    private func writeIndex(
        _ index: WritableKeyPath<SegmentState, SparseIndex>, of number: Int, minimumPending: Int
    ) throws(StorageError) -> (any DiskFile)? {
        let (segment, kind, stored, entries, keeping) = state.withLock { state in
            let segment = state.segments[number]
            let entries = segment[keyPath: index].unwritten(below: state.ends.synced - segment.segment.base)
            // A closed segment is searched in its files; the active one mostly at its end.
            let keeping = number == state.segments.count - 1 ? SegmentLimits.indexTailEntries : 0
            return (
                segment.segment, segment[keyPath: index].kind, segment[keyPath: index].stored, Array(entries),
                keeping
            )
        }
        guard !entries.isEmpty || minimumPending == 0 else { return nil }
        var writer = ByteWriter(capacity: entries.count * kind.entryBytes)
        for entry in entries { entry.write(into: &writer, kind) }
        let file = try segment.writableIndex(kind)
        try file.write(writer.bytes.rawSpan, at: Int64(stored * kind.entryBytes))
        if minimumPending == 0 { try file.truncate(to: Int64(stored * kind.entryBytes + writer.count)) }
        state.withLock { $0.segments[number][keyPath: index].wrote(entries.count, keeping: keeping) }
        return file
    }
}

extension SegmentStore.State {
    /// The number of the next closed segment whose batches are synced, and whose indexes are to follow.
    var sealable: Int? {
        guard ends.unsealed > 0, ends.isWritable else { return nil }
        let number = segments.count - 1 - ends.unsealed
        return segments[number + 1].segment.base <= ends.sealableEnd ? number : nil
    }

    /// Takes on everything that is not synced.
    mutating func takeAll(_ directory: String) -> Unsynced {
        var unsynced = everything(directory)
        unsynced.bytes = ends.began(withActive: unsynced.active != nil)
        return unsynced
    }

    /// All files that may hold unsynced bytes, which stay noted as such.
    func everything(_ directory: String) -> Unsynced {
        let active = segments[segments.count - 1]
        var unsynced = Unsynced(
            end: ends.end, place: SyncedPlace(segmentBase: active.segment.base, position: active.sizeBytes),
            bytes: 0)
        for number in (segments.count - 1 - ends.unsealed)..<segments.count {
            // The file is open: it was written to, or holds a trace that was opened.
            guard let opened = try? segments[number].segment.log(mayWait: false) else { continue }
            if number == segments.count - 1 {
                unsynced.active = opened
            } else {
                unsynced.sealed.append((opened, segments[number].sizeBytes))
            }
        }
        if ends.hasNewFile { unsynced.directory = directory }
        return unsynced
    }
}
