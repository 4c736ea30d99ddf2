// The local engine: a log as a row of segments in one directory, in Apache Kafka's format. Batches go to the
// active segment at once, into the page cache; the flusher makes them durable, and only then do index entries
// reach their files. This file holds the state and the append; reading, lookups by time, flushing and
// recovery have files of their own.
internal import Base
internal import Records
internal import Storage

/// What the stores of one log directory share.
final class StoreServices: Sendable {
    /// Where the files are.
    let disk: any Disk
    /// Tells the age of segments.
    let clock: any BrokerClock
    /// Makes appends durable.
    let flusher: Flusher
    /// Where reads go that would wait for the disk.
    let background: BackgroundRunner
    let logger: Logger
    /// Tells when clients' records are to be refused for lack of space.
    let reserve: DiskReserve
    /// Where the files of deleted segments wait.
    let pendingDeletes = PendingDeletes()
    /// What stands in for files that are not synced.
    let journal: Journal?
    /// Keeps in mind whose sync failed.
    let suspects: SuspectMarks?
    let failures: SyncFailures
    /// What all of their files lie on, where it can be synced as a whole.
    let volume: (any DiskVolume)?
    /// What the logs above them get.
    let logs: LogServices
    /// Logs that have closed segments to be sealed.
    let sealing: BackgroundQueue<SegmentStore>

    /// The means of a log directory.
    init(
        disk: any Disk, clock: any BrokerClock, flusher: Flusher, background: @escaping BackgroundRunner,
        logger: Logger, reserve: DiskReserve, failures: SyncFailures, journal: Journal? = nil,
        suspects: SuspectMarks? = nil, volume: (any DiskVolume)? = nil
    ) {
        self.disk = disk
        self.clock = clock
        self.flusher = flusher
        self.background = background
        self.logger = logger
        self.reserve = reserve
        self.journal = journal
        self.suspects = suspects
        self.failures = failures
        self.volume = volume
        logs = LogServices(
            clock: clock, logger: logger, background: background, refusesRecords: { reserve.isReached },
            refusesAll: { reserve.isHeld }, syncAll: volume?.syncAll)
        sealing = BackgroundQueue(background: background) { stores in
            runInParallel(stores.count, threads: BackgroundLimits.threads) { stores[$0].settleNow() }
        }
    }
}

/// What checkpoints say of the files of a log.
struct KeptBounds {
    /// What recovery need not look at: the journal does not stand in for any of it, and the index files of
    /// what lies below are synced.
    var recoveryPoint: Offset
    /// The first offset of what is kept, at or before the start of the log.
    var oldest: Offset
}

/// A partition's bytes in segment files.
final class SegmentStore: LogStore {
    struct State: Sendable {
        var shared: SharedLogConfig
        var config: LogConfig { shared.value }
        /// In ascending order; the last one takes the appends.
        ///
        /// Never empty.
        var segments: [SegmentState]
        /// How far the log reaches, and what stands for it.
        var ends: DurableEnds
        /// Which log this is for the journal.
        var incarnation: UInt64 = 0
        var epoch: LeaderEpoch
        /// Whether an index was found to contradict its log.
        var hasDamagedIndex = false
        /// When something was appended last, or the log was opened.
        var lastAppend: Timestamp
        /// Whether the files are as a clean stop left them.
        var isTidy: Bool
        /// Whether nothing is appended any more, as the log is about to be closed.
        var hasEnded = false
        var recents = RecentPositions()
        /// Batches that cannot be given out.
        var damaged: [DamagedPlace] = []
        /// Counts segments that were retired, and changes whenever others take their place.
        var retired = 0
        /// The base of the first segment that a crash may bring back.
        var oldest: Offset?
        /// The durable end that the log above has heard of, and whether it has heard of the failure.
        var toldEnd = Offset.zero
        var hasToldFailure = false
        weak var events: (any LogStoreEvents)?

        var start: Offset { ends.start }
        var end: Offset { ends.end }
        var failure: StorageError? { ends.failure }
        var isClosed: Bool { ends.isClosed }
        /// Up to here readers may see.
        var durableEnd: Offset { config.durability == .os ? ends.end : ends.synced }
        var bounds: StoreBounds {
            StoreBounds(
                start: ends.start, end: ends.end, durableEnd: durableEnd, syncedEnd: ends.synced,
                oldest: kept.oldest)
        }
        var kept: KeptBounds {
            let filed = min(ends.filed, ends.synced)
            let point =
                ends.unsealed == 0
                ? filed : min(filed, segments[segments.count - 1 - ends.unsealed].segment.base)
            return KeptBounds(recoveryPoint: point, oldest: oldest ?? segments[0].segment.base)
        }

        var active: SegmentState {
            get { segments[segments.count - 1] }
            _modify { yield &segments[segments.count - 1] }
        }
    }

    let directory: String
    let services: StoreServices
    /// Whose log it is, for the journal; nil where a replay could not tell, and the journal is not used.
    let identity: LogIdentity?
    let state: Lock<State>
    /// Serializes what touches index files: the flusher's bookkeeping, closing.
    ///
    /// Taken before `state`.
    let upkeep = Lock(())
    /// Serializes what removes, replaces or closes segments, and is held while their files are renamed.
    ///
    /// Taken before `upkeep`, and never while the log above is told something.
    let structureLock = Lock(())

    init(directory: String, services: StoreServices, identity: LogIdentity?, state: State) {
        self.directory = directory
        self.services = services
        self.identity = identity
        self.state = Lock(state)
    }

    /// Where events go; held weakly.
    func attach(_ events: any LogStoreEvents) {
        let mustTell = state.withLock { state in
            state.events = events
            state.toldEnd = state.durableEnd
            state.hasToldFailure = false
            return state.failure != nil && state.ends.mustQueue()
        }
        // A failure that came before is told by the flusher's turn, as any other.
        if mustTell { services.flusher.enqueue(self) }
    }

    /// How far the store reaches now.
    var bounds: StoreBounds { state.withLock { $0.bounds } }

    /// How many bytes all segments hold.
    var sizeBytes: Int64 { state.withLock { $0.segments.reduce(0) { $0 + $1.sizeBytes } } }

    /// What checkpoints say of its files.
    var kept: KeptBounds { state.withLock { $0.kept } }

    /// Takes no more appends, which throw `.closed` from now on; all else goes on.
    func endAppends() { state.withLock { $0.hasEnded = true } }

    /// Uses other settings from the next append on.
    func update(_ shared: SharedLogConfig) { state.withLock { $0.shared = shared } }

    /// Appends one batch with a single write, and tells the flusher.
    func append(
        _ batch: RawSpan, _ header: BatchHeader, isAwaited: Bool
    ) throws(StorageError) -> StoreAppend {
        let now = services.clock.wallTime()
        let appended: Appended
        do throws(StorageError) {
            appended = try state.withLock { (state) throws(StorageError) in
                try append(batch, header, at: now, to: &state)
            }
        } catch {
            // If the store went offline over it, the log above hears of that like of any other failure.
            // So does the flusher of bytes that nobody will sync, in the same turn.
            if state.withLock({ $0.failure != nil && $0.ends.mustQueue() }) { services.flusher.enqueue(self) }
            throw error
        }
        if appended.isCounted { services.flusher.wrote(batch.byteCount, isAwaited: isAwaited) }
        if appended.isNewlyDirty { services.flusher.enqueue(self) }
        return StoreAppend(
            sealed: appended.opensSegment ? header.baseOffset : nil, visibleEnd: appended.visibleEnd)
    }

    private struct Appended {
        var opensSegment: Bool
        var isNewlyDirty: Bool
        var isCounted: Bool
        var visibleEnd: Offset
    }

    private func append(
        _ batch: RawSpan, _ header: BatchHeader, at now: Timestamp, to state: inout State
    ) throws(StorageError) -> Appended {
        try requireWritable(state)
        if state.hasEnded { throw .closed(path: directory) }
        precondition(header.baseOffset >= state.end, "PartitionLog assigns offsets; it gave one twice")
        guard header.leaderEpoch >= state.epoch else {
            throw .staleLeaderEpoch(current: state.epoch, found: header.leaderEpoch)
        }
        guard batch.byteCount <= state.config.segmentBytes else {
            throw .batchTooLarge(bytes: batch.byteCount, limit: state.config.segmentBytes)
        }
        let opensSegment = state.mustRoll(before: header, at: now)
        state.lastAppend = now
        state.isTidy = false
        if opensSegment { try roll(&state, at: header.baseOffset, now) }
        try write(batch, &state)
        let interval = state.config.indexIntervalBytes
        state.active.note(header, intervalBytes: interval)
        state.epoch = header.leaderEpoch
        let isCounted = state.config.durability == .disk
        let isNewlyDirty = state.ends.appended(batch.byteCount, to: header.nextOffset, isCounted: isCounted)
        assertInvariants { () throws(InvariantViolation) in try state.checkInvariants() }
        return Appended(
            opensSegment: opensSegment, isNewlyDirty: isNewlyDirty, isCounted: isCounted,
            visibleEnd: state.durableEnd)
    }

    func requireWritable(_ state: borrowing State) throws(StorageError) {
        if state.isClosed { throw .closed(path: directory) }
        if let failure = state.failure { throw .offline(path: directory, reason: failure.description) }
    }

    /// Writes at the end of the active segment.
    ///
    /// If that fails, whatever was written of the batch is cut off again before anyone knows.
    private func write(_ batch: RawSpan, _ state: inout State) throws(StorageError) {
        guard let file = try state.active.segment.log(mayWait: true) else { return }
        let end = state.active.sizeBytes
        let zeros = state.padding(behind: end + Int64(batch.byteCount))
        reserve(batch.byteCount + zeros, in: file, &state)
        do throws(StorageError) {
            try file.write(batch, at: end, zerosBehind: zeros)
            if zeros > 0 { state.active.paddedBytes = end + Int64(batch.byteCount + zeros) }
        } catch {
            state.active.reservedBytes = 0
            state.active.paddedBytes = 0
            state.ends.cutOff()
            do throws(StorageError) {
                try file.truncate(to: end)
            } catch let second {
                state.ends.failed(second)
            }
            throw error
        }
    }

    /// Reserves blocks ahead of a segment that grows, so that its syncs need not allocate any: fdatasync gets
    /// shorter and steadier.
    private func reserve(_ bytes: Int, in file: any DiskFile, _ state: inout State) {
        let end = state.active.sizeBytes
        let limit = Int64(state.config.segmentBytes)
        // Small partitions stay small: there are many of them, and most never grow.
        guard end >= 1 << 16, end + Int64(bytes) > state.active.reservedBytes else { return }
        let chunk = min(Int64(state.config.preallocationBytesMax), max(end, 1 << 18))
        let reserved = min(end + max(Int64(bytes), chunk), limit)
        guard chunk > 0, reserved > end else { return }
        file.reserve(reserved - end, at: end)
        state.active.reservedBytes = reserved
    }

    /// Opens a new active segment at `base`; the old one is sealed by the flusher once it is synced.
    func roll(_ state: inout State, at base: Offset, _ now: Timestamp) throws(StorageError) {
        let segment = Segment(base: base, directory: directory, disk: services.disk)
        let file = try services.disk.open(segment.path(".log"), .any)
        do throws(StorageError) {
            // An earlier attempt may have left something behind.
            try file.truncate(to: 0)
            try state.openTrace()
            try state.dropPadding()
        } catch {
            // Once its segments were larger, a start would miss what lies behind the empty file: it goes for
            // good before anything else of this log becomes durable.
            try? services.disk.remove(segment.path(".log"))
            state.ends.rollFailed()
            throw error
        }
        state.active.noteTime()
        state.active.openedAt = state.lastAppend
        state.ends.rolled()
        var opened = SegmentState(
            Segment(base: base, directory: directory, disk: services.disk, log: file), openedAt: now)
        opened.isGapless = true
        state.segments.append(opened)
    }
}

extension SegmentStore.State {
    /// Opens the active file if a start left a trace in it and nobody has opened it since: only open files
    /// are synced.
    func openTrace() throws(StorageError) {
        if ends.hasTrace { _ = try active.segment.log(mayWait: true) }
    }

    /// Ends the active file with its last batch again, which a sync has to make durable; false if it did
    /// anyway.
    @discardableResult
    mutating func dropPadding() throws(StorageError) -> Bool {
        guard active.paddedBytes > active.sizeBytes else { return false }
        try active.segment.log(mayWait: true)?.truncate(to: active.sizeBytes)
        active.paddedBytes = 0
        return true
    }

    /// How many zeros to write behind a batch that will end at `end`.
    ///
    /// An append that ends where the file ends makes the kernel set up page after page of its cache, and each
    /// sync store a new file size. Writing on to the next multiple of up to 64 KiB gives it large folios to
    /// fill, and a size that stays: half the CPU per byte for batches of 16 KiB, syncs included (Linux 6.18,
    /// ext4; `Benchmarks/append.c`). The padding is at most a quarter of what the segment holds, so that
    /// small partitions stay small.
    func padding(behind end: Int64) -> Int {
        let size = active.sizeBytes
        guard end > active.paddedBytes, size >= 1 << 14, config.preallocationBytesMax > 0 else { return 0 }
        let step = min(SegmentLimits.paddingBytesMax, 1 << Int64(61 - size.leadingZeroBitCount))
        return Int(min((end + step - 1) & -step, max(end, Int64(config.segmentBytes))) - end)
    }

    /// Whether `header`'s batch belongs into a new segment (the rules of Kafka's LogSegment.shouldRoll).
    func mustRoll(before header: BatchHeader, at now: Timestamp) -> Bool {
        let active = segments[segments.count - 1]
        guard active.sizeBytes > 0 else { return false }
        if active.sizeBytes + Int64(header.sizeInBytes) > Int64(config.segmentBytes) { return true }
        if active.sizeBytes + Int64(header.sizeInBytes) > Int64(StorageLimits.segmentBytesMax) { return true }
        if active.relative(header.lastOffset) > Int64(Int32.max) { return true }
        if active.index.count >= config.indexBytesMax / IndexKind.offset.entryBytes { return true }
        // One place is kept for the entry that closes the segment.
        if active.times.count >= config.indexBytesMax / IndexKind.time.entryBytes - 1 { return true }
        let waited =
            if let first = active.firstTimestamp, first.milliseconds >= 0 {
                header.maxTimestamp.milliseconds &- first.milliseconds
            } else {
                now.milliseconds - active.openedAt.milliseconds
            }
        return waited > ageMaxMilliseconds(of: active.segment)
    }
}

/// A place where no batch begins though the one before it ends there, or one that belongs elsewhere.
struct DamagedPlace: Sendable {
    /// Nil where it is only remembered that it was said.
    let segment: Segment?
    let position: Int64
    /// Where the batch before it begins: from between the two the place is not reached.
    let previous: Int64
    let error: StorageError
}

/// Where the last few reads began and syncs ended: followers of the log ask for the same places next.
struct RecentPositions: Sendable {
    private struct Place: Sendable, BitwiseCopyable {
        let offset: Int64
        let base: Int64
        let position: Int64
    }

    /// Few, and none in a log that is not used: there are many of those.
    private var places: [Place] = []
    private var next = 0
    private static let placesMax = 8

    /// The position, in the segment at `base`, of the batch that begins with `offset`, if it is among them.
    func position(of offset: Offset, in base: Offset) -> Int64? {
        for place in places where place.offset == offset.value && place.base == base.value {
            return place.position
        }
        return nil
    }

    mutating func note(_ offset: Offset, at position: Int64, in base: Offset) {
        guard self.position(of: offset, in: base) == nil else { return }
        let place = Place(offset: offset.value, base: base.value, position: position)
        guard places.count == Self.placesMax else {
            places.append(place)
            return
        }
        places[next] = place
        next = (next + 1) % Self.placesMax
    }

    /// Forgets everything, as segments have been replaced.
    mutating func clear() { self = RecentPositions() }
}
