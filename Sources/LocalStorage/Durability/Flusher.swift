// Group commit: one thread a log directory takes everything that was appended since its last turn, syncs it,
// and tells who waits. While it syncs, more appends gather for the next turn; when there is nothing to do it
// sleeps without wake-ups. The turn is a plain function, so that tests and the simulator call it themselves.
internal import Base
internal import Storage

/// What one store has for a turn.
struct Unsynced: Sendable {
    /// Closed segments, which give reserved blocks back before their last sync: file and length.
    var sealed: [(file: any DiskFile, sizeBytes: Int64)] = []
    /// The active segment, if there is anything new in it.
    var active: (any DiskFile)?
    /// The directory, if files were created in it.
    var directory: String?
    /// What is durable when all of that is synced, and where it ends.
    var end: Offset
    var place: SyncedPlace
    /// How many bytes that is.
    var bytes: Int
    /// The same for the journal, if all of it lies at the end of one segment.
    var run: JournalRun?
    /// What the journal notes about it once it is synced; nil if the store has no place there.
    var note: JournalEntry?

    /// Whether more than one file or directory is to be synced.
    var isManyfold: Bool { !sealed.isEmpty || directory != nil }

    /// Has the system write what it can; `sync` follows.
    func startWriteBack() {
        for (file, _) in sealed { file.startWriteBack() }
        active?.startWriteBack()
    }

    func sync(_ disk: any Disk, _ failures: SyncFailures) throws(StorageError) {
        try giveBack()
        try syncInPlace(disk, failures)
    }

    /// Gives the reserved blocks of closed segments back, which a sync makes durable.
    func giveBack() throws(StorageError) { for (file, size) in sealed { try file.truncate(to: size) } }

    /// Syncs the files as they are; closed ones keep their reserved blocks.
    func syncInPlace(_ disk: any Disk, _ failures: SyncFailures) throws(StorageError) {
        try failures.counted { () throws(StorageError) in
            for (file, _) in sealed { try file.sync() }
            try active?.sync()
            if let directory { try disk.syncDirectory(directory) }
        }
    }
}

/// A store as the flusher sees it.
///
/// All calls come from the flusher's thread, one at a time.
protocol FlushTarget: AnyObject, Sendable {
    /// Hands over what is to be synced, and may be queued again from now on; nil if there is nothing to sync.
    func takeUnsynced() -> Unsynced?
    /// The sync of `unsynced` succeeded or failed, in its own files or with `isJournalled` in the journal. A
    /// failure is final: the store takes no more appends.
    func finish(_ unsynced: Unsynced, _ result: Result<Void, StorageError>, isJournalled: Bool)
    /// Has the system write what the journal stands in for; `syncJournalled` follows. On any thread.
    func startWriteBack()
    /// Syncs what the journal stands in for; false if that failed, now or before. On any thread.
    func syncJournalled() -> Bool
    /// Tells the log above how far it got, or that it failed.
    func announce()
    /// Bookkeeping, after everyone has been told.
    func settle()
}

/// Makes appended bytes durable, for all logs of one directory.
final class Flusher: Sendable {
    struct State: Sendable {
        var queue: [any FlushTarget] = []
        var isStopping = false
        var hasThread = false
        /// Requests that are appending to several logs just now, and whether they keep news from the thread.
        var holds = 0
        var hasNews = false
        var belowBudget: [@Sendable () -> Void] = []
        var unsyncedBytes = 0
        /// Appends and their bytes since the last turn took its share, and when that was.
        var gatheredAppends = 0
        var gatheredBytes = 0
        var turnBegan: Int64 = 0
        var turnEnded: Int64 = 0
        /// Whether somebody waits for the durability of what was appended.
        var isAwaited = false
        var afterSealing: (@Sendable () -> Void)?
        var afterTurn: [@Sendable () -> Void] = []
        var afterJournalFailure: (@Sendable (StorageError) -> Void)?
        /// Durable ends that the journal's next entries note.
        var notes: [JournalKey: JournalEntry] = [:]

        /// Whether the thread is to be woken now for something new.
        ///
        /// While a request holds appends together, its end does that. Each wake-up costs an append as much as
        /// the append itself, so only news is worth one.
        mutating func mayTell(_ isNews: Bool) -> Bool {
            hasNews = hasNews || isNews && holds > 0
            return isNews && holds == 0
        }
    }

    private let disk: any Disk
    private let clock: any BrokerClock
    let budgetBytes: Int
    private let journal: Journal?
    private let failures: SyncFailures
    let state = Lock(State())
    private let work = Signal()
    private let stopped = Signal()
    /// Whoever waits for one of many files in a long turn hears after so many nanoseconds rather than at its
    /// end.
    private static let announceEvery: Int64 = 1_000_000
    /// A turn of so many files has the disk begin with all of them before the first is waited for.
    private static let writeBackFilesMin = 8
    /// So many logs take part in a turn, and so many of them are synced in their own files; the others wait
    /// for the next one, behind those that came meanwhile: nobody waits for all of thousands.
    private static let turnLogsMax = 256
    static let turnFilesMax = 32
    /// So many logs with more than one file each are synced at a time.
    private static let syncersMax = 8
    /// From one of these rates on appends that nobody waits for are gathered, so long in nanoseconds and so
    /// much at most.
    private static let heavyBytesPerMicrosecond: Int64 = 32
    private static let heavyAppendsPerMillisecond: Int64 = 10
    private static let gatherFor: Int64 = 5_000_000
    private static let gatherBytes = 16 << 20

    /// A flusher for the directory on `disk`; above `budgetBytes` of unsynced bytes `isOverBudget` holds.
    init(
        disk: any Disk, clock: any BrokerClock, budgetBytes: Int, failures: SyncFailures,
        journal: Journal? = nil
    ) {
        self.disk = disk
        self.failures = failures
        self.clock = clock
        self.budgetBytes = budgetBytes
        self.journal = journal
    }

    /// Whether the turns are taken by a thread of ours.
    var hasThread: Bool { state.withLock { $0.hasThread } }

    /// Bytes that were appended and are not durable.
    var unsyncedBytes: Int { state.withLock { $0.unsyncedBytes } }

    /// Whether producers should pause: beyond the budget the kernel would sooner or later block a write.
    var isOverBudget: Bool { unsyncedBytes > budgetBytes }

    /// Calls `body` once, as soon as the unsynced bytes are within the budget: at once, or on the flusher's
    /// thread.
    func whenBelowBudget(_ body: @escaping @Sendable () -> Void) {
        let isBelow = state.withLock { state in
            if state.unsyncedBytes > budgetBytes { state.belowBudget.append(body) }
            return state.unsyncedBytes <= budgetBytes
        }
        if isBelow { body() }
    }

    /// Counts appended bytes; `isAwaited` if somebody waits until they are durable.
    func wrote(_ bytes: Int, isAwaited: Bool) {
        let isNews = state.withLock { state in
            let hadRoom = hasRoom(state)
            state.unsyncedBytes += bytes
            state.gatheredBytes += bytes
            state.gatheredAppends += 1
            defer { state.isAwaited = state.isAwaited || isAwaited }
            return state.mayTell(isAwaited && !state.isAwaited || hadRoom && !hasRoom(state))
        }
        if isNews { work.raise() }
    }

    /// Puts a store on the list of the next turn.
    ///
    /// It must not be on it already.
    func enqueue(_ target: any FlushTarget) {
        let isNews = state.withLock { state in
            state.queue.append(target)
            return state.mayTell(state.queue.count == 1)
        }
        if isNews { work.raise() }
    }

    /// A request begins to append to several logs: a turn that began after the first would leave the others
    /// to another one.
    func beginAppends() { state.withLock { $0.holds += 1 } }

    /// The request is done with its appends.
    ///
    /// Whatever others hold back is not waited for: no request is delayed by more than its own appends.
    func endAppends() {
        let hasNews = state.withLock { state in
            state.holds -= 1
            defer { state.hasNews = false }
            return state.hasNews
        }
        if hasNews { work.raise() }
    }

    /// One turn: syncs what was queued when it began, or of thousands of logs the first ones.
    ///
    /// False if that was nothing.
    @discardableResult
    func flushOnce() -> Bool {
        let began = clock.monotonicNanoseconds()
        let queued = state.withLock { state in
            defer { state.queue = [] }
            if !state.queue.isEmpty {
                state.gatheredBytes = 0
                state.gatheredAppends = 0
                state.turnBegan = began
                state.isAwaited = false
            }
            return state.queue
        }
        guard !queued.isEmpty else { return false }
        let done = syncSome(of: queued[...])
        for target in queued[..<done] { target.settle() }
        let ended = clock.monotonicNanoseconds()
        let afterTurn = state.withLock { state in
            state.turnEnded = ended
            if done < queued.count {
                state.queue += queued[done...]
                state.isAwaited = true
            }
            return state.afterTurn
        }
        for body in afterTurn { body() }
        return true
    }

    /// Makes a turn durable, by way of the journal where that is quicker, and tells who waits; how many of
    /// the first targets it took.
    private func syncSome(of queued: ArraySlice<any FlushTarget>) -> Int {
        journal?.beginTurn()
        if queued.count >= JournalLimits.filesMin, let journal, journal.isReady() {
            let (done, rest) = flushThroughJournal(queued.prefix(Self.turnLogsMax), journal)
            for target in queued.prefix(done) { target.announce() }
            if rest.count > 1 { for share in rest { share.unsynced.startWriteBack() } }
            for share in rest where !share.unsynced.isManyfold {
                sync(share)
                share.target.announce()
            }
            syncTogether(rest.filter(\.unsynced.isManyfold))
            return done
        }
        let turn = queued.prefix(Self.turnFilesMax)
        if turn.count >= Self.writeBackFilesMin { for target in turn { target.startWriteBack() } }
        var told = 0
        var lastAnnouncement = clock.monotonicNanoseconds()
        for (index, target) in turn.enumerated() {
            if let unsynced = target.takeUnsynced() { sync(Share(target: target, unsynced: unsynced)) }
            let now = clock.monotonicNanoseconds()
            if now - lastAnnouncement > Flusher.announceEvery || index == turn.count - 1 {
                for target in turn[told...index] { target.announce() }
                told = index + 1
                lastAnnouncement = now
            }
        }
        if let journal { writeNotes(journal) }
        return turn.count
    }

    /// Under a heavy stream that nobody waits for, lets more gather before the next turn: each sync of a file
    /// costs as much CPU as ten small requests, and may commit the file system's journal, for which appends
    /// have to wait.
    private func gather() {
        while true {
            let now = clock.monotonicNanoseconds()
            let left = state.withLock { state -> Int64 in
                let microseconds = (now - state.turnBegan) / 1000
                let isHeavy =
                    Int64(state.gatheredBytes) > microseconds * Flusher.heavyBytesPerMicrosecond
                    || Int64(state.gatheredAppends) * 1000
                        > microseconds * Flusher.heavyAppendsPerMillisecond
                guard isHeavy, !state.queue.isEmpty, !state.isAwaited, !state.isStopping else { return 0 }
                return hasRoom(state) ? state.turnEnded + Flusher.gatherFor - now : 0
            }
            guard left > 0 else { return }
            work.wait(nanoseconds: left)
        }
    }

    /// Whether more may gather.
    private func hasRoom(_ state: borrowing State) -> Bool {
        state.gatheredBytes < Flusher.gatherBytes && state.unsyncedBytes < budgetBytes
    }

    private func sync(_ share: Share) {
        do throws(StorageError) {
            try share.unsynced.sync(disk, failures)
            finish(share, with: nil)
        } catch {
            finish(share, with: error)
        }
    }

    /// Syncs logs that have rolled, some at a time: thousands may do so at once, and each waits for several
    /// files.
    private func syncTogether(_ shares: [Share]) {
        let threads = hasThread ? Self.syncersMax : 1
        var rest = shares[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.syncersMax))
            rest = rest.dropFirst(some.count)
            let failed = Lock<[StorageError?]>(some.map { _ in nil })
            runInParallel(some.count, threads: threads) { [self] number in
                do throws(StorageError) { try some[number].unsynced.sync(disk, failures) } catch {
                    failed.withLock { $0[number] = error }
                }
            }
            for (share, error) in zip(some, failed.withLock { $0 }) {
                finish(share, with: error)
                share.target.announce()
            }
        }
    }

    private func finish(_ share: Share, with error: StorageError?) {
        finish(share, error.map { .failure($0) } ?? .success(()), isJournalled: false)
        if error == nil { keepNote(of: share.unsynced) }
    }

    func finish(_ share: Share, _ result: Result<Void, StorageError>, isJournalled: Bool) {
        share.target.finish(share.unsynced, result, isJournalled: isJournalled)
        forget(share.unsynced.bytes)
    }

    /// Counts bytes that are durable, or lost, and wakes those who waited for room.
    func forget(_ bytes: Int) {
        let ready = state.withLock { state in
            state.unsyncedBytes -= bytes
            guard state.unsyncedBytes <= budgetBytes else { return [] as [@Sendable () -> Void] }
            defer { state.belowBudget = [] }
            return state.belowBudget
        }
        for body in ready { body() }
    }

    /// Calls `body` whenever closed segments were synced and sealed.
    func afterSealing(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.afterSealing = body } }

    /// Calls `body` at the end of each turn that had something to do, on the flusher's thread, and when
    /// something was sealed.
    func afterTurn(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.afterTurn.append(body) }
    }

    /// A store sealed a segment, which retention and compaction may look at now.
    func sealed() {
        let (afterSealing, afterTurn) = state.withLock { ($0.afterSealing, $0.afterTurn) }
        afterSealing?()
        for body in afterTurn { body() }
    }

    /// Starts the thread that takes turns until `stop`.
    func start() {
        state.withLock { $0.hasThread = true }
        startDetachedThread(named: "apus-flusher") { [self] in
            while true {
                gather()
                if flushOnce() { continue }
                if state.withLock({ $0.isStopping }) { break }
                work.wait()
            }
            stopped.raise()
        }
    }

    /// Ends the thread once everything queued is done; waits for that.
    func stop() {
        state.withLock { $0.isStopping = true }
        work.raise()
        stopped.wait()
    }
}
