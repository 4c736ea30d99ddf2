// The journal of a log directory: many small runs of bytes that became dirty in one turn are copied into one
// file, so that a single fdatasync makes all of them durable. The file is allocated once and used again and
// again: two areas take turns, and one is begun anew when the segments of all its runs were synced. While
// that takes longer than usual the other one grows.
internal import Base
internal import Storage

/// One file that stands in for many.
final class Journal: Sendable {
    struct Member: Sendable {
        var target: (any FlushTarget)?
        var incarnation: UInt64
        /// The lowest segment of the partition's runs.
        var lowestBase: Offset
    }

    struct Area: Sendable {
        var generation: UInt64 = 0
        /// Where the next turn begins, within the area.
        var end = 0
        /// Who has entries here.
        var members: [JournalKey: Member] = [:]
        /// Whether nothing in it is needed any more.
        var isFree = true
    }

    struct State: Sendable {
        var file: (any DiskFile)?
        var isPreparing = false
        /// After a failure to allocate the file: when it is tried again.
        var retryAt = Int64.min
        var areas = [Area(), Area()]
        var current = 0
        var sequence: UInt64 = 0
        var incarnation: UInt64 = 0
        /// Whether a segment could not be synced, so that its runs must stay.
        var isFrozen = false
        /// Logs that were retired during the present turn and the one before: what is still on its way of
        /// them is void.
        var voided: [JournalKey: UInt64] = [:]
        var voidedBefore: [JournalKey: UInt64] = [:]
        var failure: StorageError?
        let buffer = JournalBuffer()
    }

    private let disk: any Disk
    private let directory: JournalDirectory
    private var path: String { directory.journalPath }
    let areaBytes: Int
    private let clock: any BrokerClock
    private let logger: Logger
    private let failures: SyncFailures
    private let background: BackgroundRunner
    /// What the run before this one left, if it did not end cleanly.
    let recovered: (any EarlierJournal)?
    let state: Lock<State>
    private static let retryEvery: Int64 = 60_000_000_000

    init(
        in logDirectory: String, areaBytes: Int, disk: any Disk, clock: any BrokerClock,
        background: @escaping BackgroundRunner, logger: Logger, failures: SyncFailures,
        recovered: (any EarlierJournal)? = nil
    ) {
        self.recovered = recovered
        directory = JournalDirectory(in: logDirectory, disk: disk)
        self.areaBytes = areaBytes
        self.disk = disk
        self.clock = clock
        self.background = background
        self.logger = logger
        self.failures = failures
        state = Lock(State())
    }

    /// The number of a log that begins now.
    func newIncarnation() -> UInt64 {
        state.withLock { state in
            state.incarnation += 1
            return state.incarnation
        }
    }

    /// Whether runs can be written; where the file is missing it is made now, which costs less than the syncs
    /// of the files that wait.
    func isReady() -> Bool {
        let now = clock.monotonicNanoseconds()
        let (isReady, mustPrepare) = state.withLock { state in
            if state.file != nil { return (!state.isFrozen && state.failure == nil, false) }
            guard !state.isPreparing, now >= state.retryAt, areaBytes > 0 else { return (false, false) }
            state.isPreparing = true
            return (false, true)
        }
        return mustPrepare ? prepare() : isReady
    }

    /// What of an area is mostly used.
    private var usualBytes: Int { areaBytes / JournalLimits.usualShare }

    /// So much of each area is reserved and filled before it is used: what makes syncs quicker must not be
    /// what fills a small disk.
    private func bytesAhead() -> Int {
        let free = (try? disk.space(at: directory.path))?.freeBytes ?? 0
        return min(usualBytes, Int(clamping: free / JournalLimits.aheadShare)) / JournalLimits.blockBytes
            * JournalLimits.blockBytes
    }

    /// Makes the file; whether it can be used.
    ///
    /// It is written past the system's cache where that can be done, which halves the time of a turn of 400
    /// KiB (Linux 6.18, ext4; `Benchmarks/disk.c`).
    private func prepare() -> Bool {
        let ahead: Int
        do throws(StorageError) {
            try directory.create()
            let file = try disk.open(path, .any)
            try file.truncate(to: 0)
            try file.truncate(to: Int64(2 * areaBytes))
            ahead = bytesAhead()
            for area in [0, areaBytes] where ahead > 0 { file.reserve(Int64(ahead), at: Int64(area)) }
            file.setDirect(true)
            do throws(StorageError) {
                try beginAreas(of: file)
            } catch {
                file.setDirect(false)
                try beginAreas(of: file)
            }
            try file.sync()
            try disk.syncDirectory(directory.path)
            var random = BrokerRandom()
            let generation = UInt64.random(in: 1...UInt64.max / 2, using: &random)
            state.withLock { state in
                state.file = file
                state.areas[0].generation = generation
                state.areas[0].isFree = false
                state.isPreparing = false
            }
        } catch {
            // Nothing depends on it yet: files are synced one by one until it can be made.
            try? directory.removeJournal()
            logger.log(.warning, "journal.not_created", ["path": path, "reason": error.description])
            state.withLock { state in
                state.retryAt = clock.monotonicNanoseconds() + Self.retryEvery
                state.isPreparing = false
            }
            return false
        }
        background { self.fill(ahead) }
        return true
    }

    /// Writes a block at the beginning of each area, which tells whether the file can be written this way.
    private func beginAreas(of file: any DiskFile) throws(StorageError) {
        let zeros = JournalBuffer()
        zeros.begin(JournalLimits.blockBytes)
        for area in [0, areaBytes] { try file.write(zeros.bytes, at: Int64(area)) }
    }

    /// Fills the file with zeros where it is mostly used, ahead of the entries: a sync of blocks that were
    /// written before has nothing new to note in the file system.
    private func fill(_ ahead: Int) {
        for area in 0..<2 {
            var position = JournalLimits.blockBytes
            while position < ahead {
                let next = state.withLock { state -> Int? in
                    guard let file = state.file, state.failure == nil else { return nil }
                    let start = max(position, state.areas[area].end)
                    let size = min(JournalLimits.fillBytes, ahead - start)
                    guard size > 0 else { return ahead }
                    state.buffer.begin(size)
                    // What went wrong here is nobody's: the entries that come are written over it.
                    try? file.write(state.buffer.bytes, at: Int64(area * areaBytes + start))
                    return start + size
                }
                guard let next else { return }
                position = next
            }
        }
    }

    /// One turn's entries; the bytes of runs are read when it is written.
    struct Turn: Sendable {
        var entries: [(entry: JournalEntry, run: JournalRun?, target: (any FlushTarget)?)] = []
        var sizeInBytes = 0

        mutating func add(_ entry: JournalEntry) {
            entries.append((entry, nil, nil))
            sizeInBytes += entry.sizeInBytes
        }

        mutating func add(_ run: JournalRun, for target: any FlushTarget) {
            entries.append((run.entry, run, target))
            sizeInBytes += run.entry.sizeInBytes
        }
    }

    /// A turn of the flusher begins: of what was taken before, only the last turn's notes are on their way.
    func beginTurn() {
        state.withLock { state in
            state.voidedBefore = state.voided
            state.voided = [:]
        }
    }

    /// Writes the entries of a turn, and syncs the file if that is wanted; false if there is no room just
    /// now, or no journal.
    ///
    /// - Throws: what makes the journal, and all that relies on it, unusable.
    func write(_ turn: Turn, isDurable: Bool) throws(StorageError) -> Bool {
        let (isWritten, hasSwitched) = try state.withLock { (state) throws(StorageError) in
            guard state.file != nil, !state.isFrozen else { return (false, false) }
            let before = state.current
            let isWritten = try write(turn, reserve: retireReserve, isDurable: isDurable, &state)
            return (isWritten, state.current != before)
        }
        if hasSwitched { background { self.sweep() } }
        return isWritten
    }

    private var retireReserve: Int { min(JournalLimits.retireReserveBytes, areaBytes / 4) }

    /// Voids all runs and notes of logs that were written before, durably; without effect where there are
    /// none.
    ///
    /// Comes before files are renamed or removed, or else a replay would bring back what they held. The
    /// segments that stay must be synced before.
    func retire(_ logs: [(identity: LogIdentity, incarnation: UInt64)]) throws(StorageError) {
        while true {
            let isDone = try state.withLock { (state) throws(StorageError) in
                var turn = Turn()
                for (identity, incarnation) in logs {
                    let key = JournalKey(identity)
                    state.voided[key] = max(incarnation, state.voided[key] ?? 0)
                    guard state.holds(key, upTo: incarnation, below: .init(.max)) else { continue }
                    turn.add(JournalEntry(.retire, identity, incarnation: incarnation))
                }
                if turn.entries.isEmpty { return true }
                guard try write(turn, reserve: 0, isDurable: true, &state) else { return false }
                for entry in turn.entries.map(\.entry) { state.forget(entry.key, upTo: entry.incarnation) }
                return true
            }
            if isDone { return }
            guard sweep(), state.withLock({ !$0.isFrozen }) else {
                throw .offline(path: path, reason: "it holds what a segment that failed may need")
            }
        }
    }

    /// Whether there are entries of a log about segments below `base`.
    func holds(_ identity: LogIdentity, below base: Offset) -> Bool {
        let key = JournalKey(identity)
        return state.withLock { $0.holds(key, upTo: .max, below: base) }
    }

    /// Syncs the segments whose runs stand in the area that is not written to, so that it can be begun anew;
    /// whether that went well.
    ///
    /// The entries stay where they are until then: replaying them changes nothing.
    @discardableResult
    func sweep() -> Bool {
        let found = state.withLock { state -> (area: Int, generation: UInt64, targets: [any FlushTarget])? in
            let area = 1 - state.current
            guard state.file != nil, !state.areas[area].isFree else { return nil }
            let targets = state.areas[area].members.values.compactMap(\.target)
            return (area, state.areas[area].generation, targets)
        }
        guard let found else { return true }
        var isDone = true
        // One after another, as all at once would keep the next turns waiting behind them: the p99 of a round
        // over 100 partitions is 6 ms instead of 20 (`Benchmarks/partitions.py`).
        for target in found.targets where !target.syncJournalled() { isDone = false }
        state.withLock { state in
            guard state.areas[found.area].generation == found.generation else { return }
            if isDone { state.areas[found.area].isFree = true } else { state.isFrozen = true }
        }
        if !isDone { logger.log(.error, "journal.frozen", ["path": path]) }
        return isDone
    }

    /// Syncs all segments that the journal stands in for.
    func syncSegments() {
        let targets = state.withLock { state in
            state.areas.flatMap { $0.members.values.compactMap(\.target) }
        }
        for target in targets { target.startWriteBack() }
        for target in targets where !target.syncJournalled() { state.withLock { $0.isFrozen = true } }
    }

    /// Lets go of the stores that it stands in for, which hold it: nothing is written any more.
    func end() {
        state.withLock { state in
            for area in state.areas.indices { state.areas[area].members = [:] }
        }
    }

    /// Takes the file away, and that of the run before: everything must be synced.
    func remove() throws(StorageError) {
        try finishRecovered()
        let wasThere = state.withLock { state in
            defer { state.file = nil }
            state.retryAt = .max
            return state.file != nil
        }
        guard wasThere || recovered != nil else { return }
        try directory.removeJournal()
    }

    /// Replays what is left of the journal of the run before, and removes it.
    func finishRecovered() throws(StorageError) {
        try recovered?.finish { () throws(StorageError) in
            try directory.removeRecovered()
            // So that nothing is left where this run needs no journal.
            let isUnused = state.withLock { state in
                guard state.file == nil, !state.isPreparing else { return false }
                state.isPreparing = true
                return true
            }
            guard isUnused else { return }
            defer { state.withLock { $0.isPreparing = false } }
            try directory.removeJournal()
        }
    }

    /// Sees to it that nothing that an earlier run wrote about a partition is replayed any more.
    ///
    /// Comes before its files are cut, replaced, renamed or removed, as `retire` does for this run.
    func forgetRecovered(_ partition: TopicPartition) throws(StorageError) {
        if recovered?.names(partition) == true { try finishRecovered() }
    }

    private func write(
        _ turn: Turn, reserve: Int, isDurable: Bool, _ state: inout State
    ) throws(StorageError) -> Bool {
        if let failure = state.failure { throw failure }
        guard let file = state.file, !turn.entries.isEmpty else { return false }
        let blocks = (turn.sizeInBytes + JournalLimits.blockBytes - 1) / JournalLimits.blockBytes
        let size = blocks * JournalLimits.blockBytes
        guard size <= areaBytes - reserve else { return false }
        let end = state.areas[state.current].end + size
        let other = 1 - state.current
        // Until a turn of the new generation is durable, a crash leaves the old one there.
        if end > usualBytes, isDurable, !state.isFrozen, state.areas[other].isFree {
            state.areas[other] = Area(
                generation: state.areas[state.current].generation + 1, isFree: false)
            state.current = other
        } else if end > areaBytes - reserve {
            return false
        }
        let area = state.current
        guard fill(turn, size, &state) else { return false }
        let start = state.areas[area].end
        do throws(StorageError) {
            try file.write(state.buffer.bytes, at: Int64(area * areaBytes + start))
            state.areas[area].end = start + size
            if isDurable { try failures.counted(file.sync) }
        } catch .outOfSpace(.write, _) where reserve > 0 {
            // Some of it may stand there; files have room of their own, or say that there is none.
            state.areas[area].end = start + size
            return false
        } catch {
            state.failure = error
            throw error
        }
        return true
    }

    /// Puts a turn of `size` bytes into the buffer; false if a run cannot be read, whose own file will then
    /// tell why.
    private func fill(_ turn: Turn, _ size: Int, _ state: inout State) -> Bool {
        let area = state.current
        var sequence = state.sequence
        state.buffer.begin(size)
        for (entry, run, target) in turn.entries where entry.kind == .retire || !state.isVoid(entry) {
            var entry = entry
            entry.generation = state.areas[area].generation
            entry.sequence = sequence
            sequence += 1
            guard state.buffer.append(entry, run?.file) else { return false }
            state.areas[area].note(entry, target)
        }
        state.sequence = sequence
        return true
    }
}

extension Journal.State {
    /// What was written of a log, up to this incarnation, is retired.
    mutating func forget(_ key: JournalKey, upTo incarnation: UInt64) {
        for area in areas.indices {
            if let member = areas[area].members[key], member.incarnation <= incarnation {
                areas[area].members[key] = nil
            }
        }
    }

    func isVoid(_ entry: JournalEntry) -> Bool {
        entry.incarnation <= max(voided[entry.key] ?? 0, voidedBefore[entry.key] ?? 0)
    }

    func holds(_ key: JournalKey, upTo incarnation: UInt64, below base: Offset) -> Bool {
        areas.contains { area in
            guard let member = area.members[key] else { return false }
            return member.incarnation <= incarnation && member.lowestBase < base
        }
    }
}

extension Journal.Area {
    mutating func note(_ entry: JournalEntry, _ target: (any FlushTarget)?) {
        // Another entry that retires this one's is never needed.
        guard entry.kind != .retire else { return }
        let base = entry.kind == .run ? entry.segmentBase : Offset.zero
        if let member = members[entry.key], member.incarnation == entry.incarnation {
            members[entry.key]?.lowestBase = min(member.lowestBase, base)
            if let target { members[entry.key]?.target = target }
        } else {
            members[entry.key] = Journal.Member(
                target: target, incarnation: entry.incarnation, lowestBase: base)
        }
    }
}
