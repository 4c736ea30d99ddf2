// Snapshots of producers, leader epochs and aborted transactions are written behind the log, on a thread of
// its own: nobody waits for them, and after a first write to thousands of partitions there are as many files
// to sync. Those of many logs are written together.
internal import Base

/// What of a log is to be written beside it.
struct DueNotes: Sendable {
    var snapshots: [(offset: Offset, producers: ProducerState)] = []
    var epochs: LeaderEpochs?
}

/// Logs that have something to be written beside them.
final class NoteQueue: Sendable {
    private struct State {
        var waiting: [PartitionLog] = []
        /// Which logs wait: one that is written for twice at a time would be in its own way.
        var members: Set<ObjectIdentifier> = []
        /// Whether the background has been asked, and whether it is at work.
        var isAsked = false
        var isWriting = false
        var isStopped = false
    }
    private let state = Lock(State())
    private let background: BackgroundRunner
    private let hasWritten = Signal()
    /// So many logs are written for at a time, and so many files synced: whatever else waits for the
    /// background comes in between.
    private static let logsMax = 64
    private static let threads = 4

    /// A queue whose work `background` does.
    init(background: @escaping BackgroundRunner) { self.background = background }

    /// Has the notes of a log written that are due.
    func add(_ log: PartitionLog) {
        let mustAsk = state.withLock { state in
            guard !state.isStopped, state.members.insert(ObjectIdentifier(log)).inserted else { return false }
            state.waiting.append(log)
            defer { state.isAsked = true }
            return !state.isAsked
        }
        if mustAsk { background { self.writeSome() } }
    }

    /// Writes nothing more when it returns.
    func stop() {
        let isWriting = state.withLock { state in
            state.isStopped = true
            state.waiting = []
            return state.isWriting
        }
        if isWriting { hasWritten.wait() }
    }

    private func writeSome() {
        let logs = state.withLock { state in
            let logs = state.waiting.prefix(Self.logsMax)
            state.waiting.removeFirst(logs.count)
            for log in logs { state.members.remove(ObjectIdentifier(log)) }
            state.isWriting = true
            return Array(logs)
        }
        for (log, failure) in zip(logs, NoteWriting.write(logs, isFinal: false, threads: Self.threads)) {
            // What is deleted meanwhile needs none.
            guard let failure, !failure.isClosed else { continue }
            // All of them are rebuilt from the log where they are missing.
            log.services.logger.logLimited(
                .warning, "log.notes.failed",
                ["partition": "\(log.partition)", "reason": failure.description])
        }
        let (isLeft, isStopped) = state.withLock { state in
            state.isAsked = !state.waiting.isEmpty
            state.isWriting = false
            return (state.isAsked, state.isStopped)
        }
        if isStopped { hasWritten.raise() }
        if isLeft { background { self.writeSome() } }
    }
}

/// Writes the notes of many logs in steps that each is taken for all of them.
enum NoteWriting {
    private struct Work: Sendable {
        var due = DueNotes()
        var drafts: [any NoteDraft] = []
    }

    /// Writes what is due of `logs`, or with `isFinal` everything; what each failed with.
    static func write(_ logs: [PartitionLog], isFinal: Bool, threads: Int) -> [StorageError?] {
        var steps = Steps(logs.map { _ in Work() })
        steps.forEach { (number, work) throws(StorageError) in
            work.due = try logs[number].takeNotes(isFinal: isFinal)
            for (offset, producers) in work.due.snapshots {
                let bytes = ProducerSnapshot.bytes(producers)
                work.drafts.append(try logs[number].notes.draftSnapshot(bytes, at: offset))
            }
            if let epochs = work.due.epochs { work.drafts.append(try logs[number].notes.draft(epochs)) }
        }
        steps.inParallel(threads) { (_, work) throws(StorageError) in
            for draft in work.drafts { try draft.sync() }
        }
        steps.forEach { (_, work) throws(StorageError) in
            for draft in work.drafts { try draft.install() }
        }
        steps.inParallel(threads) { (_, work) throws(StorageError) in
            for draft in work.drafts { try draft.syncName() }
        }
        for (number, log) in logs.enumerated() {
            log.noted(steps.work[number].due, hasFailed: steps.failures[number] != nil)
        }
        return steps.failures
    }
}

/// Work for many, step by step: what fails has no part in the steps behind.
struct Steps<Work: Sendable> {
    private(set) var work: [Work]
    /// What each failed with.
    private(set) var failures: [StorageError?]

    init(_ work: [Work]) {
        self.work = work
        failures = work.map { _ in nil }
    }

    /// Does `body` for one after the other.
    mutating func forEach(_ body: (_ number: Int, _ work: inout Work) throws(StorageError) -> Void) {
        for number in work.indices where failures[number] == nil {
            do throws(StorageError) { try body(number, &work[number]) } catch { failures[number] = error }
        }
    }

    /// Does `body` on some threads, which may wait for the disk.
    mutating func inParallel(
        _ threads: Int, _ body: @escaping @Sendable (_ number: Int, Work) throws(StorageError) -> Void
    ) {
        let left = work.indices.filter { failures[$0] == nil }
        let found = Lock<[(number: Int, error: StorageError)]>([])
        runInParallel(left.count, threads: threads) { [work] place in
            do throws(StorageError) { try body(left[place], work[left[place]]) } catch {
                found.withLock { $0.append((left[place], error)) }
            }
        }
        for (number, error) in found.withLock({ $0 }) { failures[number] = error }
    }

    /// All that are left fail.
    mutating func fail(_ error: StorageError) { failures = failures.map { $0 ?? error } }
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
