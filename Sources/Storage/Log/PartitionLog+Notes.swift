// Snapshots of producers, leader epochs and aborted transactions are written behind the log, on a thread of
// its own: nobody waits for them, and after a first write to thousands of partitions there are as many files
// to sync. Those of many logs are written together.
internal import Base

/// What of a log is to be written beside it.
struct DueNotes: Sendable {
    var snapshots: [(offset: Offset, producers: ProducerState)] = []
    var epochs: LeaderEpochs?
}

/// Writes the notes of many logs in steps that each is taken for all of them.
package enum NoteWriting {
    private struct Work: Sendable {
        var due = DueNotes()
        var drafts: [any NoteDraft] = []
    }

    /// Writes what is due of `logs`; a failure is noted in the log, as what is missing is rebuilt.
    static func writeBehind(_ logs: [PartitionLog], _ syncAll: (@Sendable () -> Bool)?) {
        let failures = write(logs, isFinal: false, threads: BackgroundLimits.threads, syncAll: syncAll)
        for (log, failure) in zip(logs, failures) {
            // What is deleted meanwhile needs none.
            guard let failure, !failure.isClosed else { continue }
            log.services.logger.logLimited(
                .warning, "log_notes.failed",
                ["partition": "\(log.partition)", "reason": failure.description])
        }
    }

    /// Writes what is due of `logs`, or with `isFinal` everything; what each failed with.
    ///
    /// Where `syncAll` makes all of a step durable at once no file is synced by itself.
    package static func write(
        _ logs: [PartitionLog], isFinal: Bool, threads: Int, syncAll: (() -> Bool)? = nil
    ) -> [StorageError?] {
        let syncAll = logs.count >= BackgroundLimits.togetherMin ? syncAll : nil
        var steps = Steps(logs.map { _ in Work() }, threads: threads)
        steps.take { (number, work) throws(StorageError) in
            work.due = try logs[number].takeNotes(isFinal: isFinal)
            for (offset, producers) in work.due.snapshots {
                let bytes = ProducerSnapshot.bytes(producers)
                work.drafts.append(try logs[number].notes.draftSnapshot(bytes, at: offset))
            }
            if let epochs = work.due.epochs { work.drafts.append(try logs[number].notes.draft(epochs)) }
        }
        let hasDrafts = steps.work.contains { !$0.drafts.isEmpty }
        if hasDrafts, syncAll?() != true {
            steps.take { (_, work) throws(StorageError) in for draft in work.drafts { try draft.sync() } }
        }
        steps.take { (_, work) throws(StorageError) in for draft in work.drafts { try draft.install() } }
        if hasDrafts, syncAll?() != true {
            steps.take { (_, work) throws(StorageError) in for draft in work.drafts { try draft.syncName() } }
        }
        for (number, log) in logs.enumerated() {
            log.noted(steps.work[number].due, hasFailed: steps.failures[number] != nil)
        }
        return steps.failures
    }
}

extension PartitionLog {
    /// Takes what may be written: nothing on the disk is ahead of the durable end.
    ///
    /// Aborted transactions are written now, before the snapshots: a start looks for them only behind the
    /// newest one.
    fileprivate func takeNotes(isFinal: Bool) throws(StorageError) -> DueNotes {
        let end = store.bounds.syncedEnd
        let aborted = state.withLock { $0.aborted.unwritten(below: end) }
        if !aborted.isEmpty {
            try notes.append(aborted)
            state.withLock { $0.aborted.wrote(aborted.count) }
        }
        return state.withLock { state in
            if isFinal, kind == .data, end > .zero, state.lastSnapshot != end,
                state.snapshots.last?.offset != end
            {
                state.snapshots.append((end, state.producers))
            }
            var due = DueNotes()
            due.snapshots = Array(state.snapshots.prefix { $0.offset <= end })
            state.snapshots.removeFirst(due.snapshots.count)
            if state.epochsChanged, isFinal || state.hasEpochs(below: end) {
                due.epochs = state.epochs
                state.epochsChanged = false
            }
            return due
        }
    }

    /// They are written, or could not be.
    fileprivate func noted(_ due: DueNotes, hasFailed: Bool) {
        state.withLock { state in
            if hasFailed {
                if due.epochs != nil { state.epochsChanged = true }
            } else if let last = due.snapshots.last {
                state.lastSnapshot = last.offset
            }
        }
    }
}

extension PartitionLog.State {
    /// Whether something of what lies below `end` is to be written.
    func mustNote(below end: Offset) -> Bool {
        snapshots.first.map { $0.offset <= end } ?? false || epochsChanged && hasEpochs(below: end)
            || aborted.hasUnwritten(below: end)
    }

    /// Whether records of the latest epoch lie below `end`, without which nobody has seen it.
    fileprivate func hasEpochs(below end: Offset) -> Bool { epochs.latest.map { $0.start < end } ?? true }
}
