// One log directory: its identity, its lock, its partitions, and the ceremony of starting and stopping. A
// directory that holds something else than what Apus or Kafka write is refused untouched.
package import Base
package import Storage

/// What a directory is opened with.
package struct LogDirectoryOptions: Sendable {
    /// The path of the directory; it and those above it are created if they are missing.
    package var path: String
    /// Used if the directory is new.
    package var clusterID: Name
    package var nodeID: Int32
    /// Used if the directory is new.
    package var directoryID: UUID
    /// The version of this program, noted in new directories.
    package var version: String
    /// Beyond so many unsynced bytes producers are to pause.
    package var unsyncedBytesMax = 256 << 20
    /// So much space is kept free; clients' records are refused below it.
    package var reserveBytes: Int64 = 0
    /// Whether a log can be used before all of what a crash left in it is synced; until then readers see what
    /// is known to be durable.
    package var syncsLater = false
    /// How far each of the journal's two areas may grow; 0 means no journal.
    package var journalAreaBytes = JournalLimits.areaBytes

    /// Options for the directory at `path`.
    package init(path: String, clusterID: Name, nodeID: Int32, directoryID: UUID, version: String) {
        self.path = path
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.directoryID = directoryID
        self.version = version
    }
}

/// A log, and the files under it.
struct OpenLog: Sendable {
    let log: PartitionLog
    let store: SegmentStore
}

/// An open log directory.
package final class LogDirectory: Sendable {
    struct State: Sendable {
        var logs: [TopicPartition: OpenLog] = [:]
        var isStarted = false
        var isStopped = false
        /// Whether the next start must look at all partitions again.
        var hasDoubts = false
        /// Partitions whose files were refused though the last stop was clean: the next marker does not vouch
        /// for them.
        var doubtful: Set<TopicPartition>
        /// Recovery points and log starts as of the last checkpoint; those of partitions that are not open
        /// stay as they are.
        var recoveryPoints: OffsetCheckpoint
        var logStarts: OffsetCheckpoint
        /// Of partitions that are not open, as the start found them.
        var highWatermarks: OffsetCheckpoint
        /// How far logs were compacted, and those that are left alone.
        var cleanerOffsets: OffsetCheckpoint
        var uncleanable: Set<TopicPartition> = []
        /// What was durable by a journal that was replayed at once.
        var journalBounds: [TopicPartition: Offset]
        /// Why nothing can be written any more.
        var failure: StorageError?
        /// Partitions that the files may still name.
        var written: Set<TopicPartition>
        /// Whether the checkpoint of recovery points is there and whole: what it does not name has none.
        var hasRecoveryPoints: Bool
        /// What the start found and has not synced yet, and how many are at it.
        var recovered: [SegmentStore] = []
        var recoverers = 0
        /// How many partitions lie here that are still to be opened.
        var unopened = 0
        /// Whether all were opened, so that the start is over once what it found is synced.
        var isOpened = false
        /// Whether nothing is left of what the start had to sync.
        var isRecovered: Bool { isOpened && !isStopped && recovered.isEmpty && recoverers == 0 }
        /// The settings of the log that was opened last, for the next one of its topic.
        var lastConfig: SharedLogConfig?

        mutating func share(_ config: LogConfig) -> SharedLogConfig {
            if let lastConfig, lastConfig.value == config { return lastConfig }
            let shared = SharedLogConfig(config)
            lastConfig = shared
            return shared
        }
    }

    /// The path as it was given.
    package let path: String
    /// Whose directory it is.
    package let properties: MetaProperties
    /// Whether the last stop was clean, and the broker epoch that it left; nil after a crash, and for a new
    /// directory.
    package let cleanStop: CleanStop?
    /// Whether this call made the directory.
    package let isNew: Bool
    /// Whether the checkpoint of log starts is missing or damaged.
    let asksEpochsForStarts: Bool
    /// Whether an earlier run ended without a clean stop.
    package var isAfterCrash: Bool { cleanStop == nil && !isNew }
    /// Syncs what is appended to the logs of this directory.
    package let flusher: Flusher
    let services: StoreServices
    let syncsLater: Bool
    let state: Lock<State>
    private let lock: any DiskLock
    let checkpointing = Lock(())

    /// What `.kafka_cleanshutdown` says.
    package struct CleanStop: Equatable, Sendable {
        /// The epoch in which the broker was registered; -1 if the marker does not tell.
        package var brokerEpoch: Int64
    }

    static let cleanStopName = ".kafka_cleanshutdown"
    /// What the marker is called while the broker runs: a stop on a full disk needs no space for a new one.
    static let spareStopName = ".kafka_cleanshutdown.spare"
    static let lockName = ".lock"

    /// Opens a directory, and makes an empty or missing one a log directory.
    ///
    /// The files of partitions are not touched.
    ///
    /// - Throws: `.foreignDirectory`, `.directoryInUse`, `.corrupt`, `.io`, `.outOfSpace`.
    package init(
        _ options: LogDirectoryOptions, disk: any Disk, clock: any BrokerClock,
        background: @escaping BackgroundRunner,
        logger: Logger
    ) throws(StorageError) {
        path = options.path
        syncsLater = options.syncsLater
        let claim = try LogDirectory.claim(options, disk)
        (lock, properties, isNew) = (claim.lock, claim.properties, claim.isNew)
        if let stranger = claim.strangers.first {
            logger.log(
                .warning, "directory.strangers",
                ["directory": options.path, "files": "\(claim.strangers.count)", "first": stranger])
        }
        let replayed = try JournalReplay(logDirectory: options.path, disk: disk, logger: logger).begin()
        // A marker beside a journal is that of somebody who did not know what the journal is.
        cleanStop = replayed.wasLive ? nil : try LogDirectory.readCleanStop(options.path, disk)
        let failures = SyncFailures()
        let journal = Journal(
            in: options.path, areaBytes: options.journalAreaBytes, disk: disk, clock: clock,
            background: background, logger: logger, failures: failures, recovered: replayed.recovered)
        flusher = Flusher(
            disk: disk, clock: clock, budgetBytes: options.unsyncedBytesMax, failures: failures,
            journal: journal)
        let reserve = DiskReserve(
            bytes: options.reserveBytes, path: options.path, disk: disk, clock: clock, logger: logger)
        services = StoreServices(
            disk: disk, clock: clock, flusher: flusher, background: background, logger: logger,
            reserve: reserve, failures: failures, journal: journal,
            suspects: SuspectMarks(
                JournalDirectory(in: options.path, disk: disk), replayed.suspects, logger))
        let foundPoints = try LogDirectory.checkpoint(.recoveryPoint, options.path, disk, logger)
        let points = foundPoints.checkpoint
        let starts = try LogDirectory.checkpoint(.logStart, options.path, disk, logger)
        let compacted = try LogDirectory.checkpoint(.cleaner, options.path, disk, logger).checkpoint
        let watermarks = try LogDirectory.checkpoint(.highWatermark, options.path, disk, logger).checkpoint
        let written = Set(points.offsets.keys).union(starts.checkpoint.offsets.keys)
            .union(watermarks.offsets.keys)
        let doubtful = cleanStop == nil ? [] : try LogDirectory.readDoubtful(options.path, disk)
        state = Lock(
            State(
                doubtful: doubtful, recoveryPoints: points, logStarts: starts.checkpoint,
                highWatermarks: watermarks,
                cleanerOffsets: compacted,
                journalBounds: replayed.bounds, written: written,
                hasRecoveryPoints: !foundPoints.isIncomplete))
        asksEpochsForStarts = starts.isIncomplete && !isNew
        flusher.afterJournalFailure { [weak self] in self?.fail($0) }
        flusher.afterSealing { [weak self] in
            guard let directory = self else { return }
            background { directory.writeCheckpointsOrWarn() }
        }
    }

    /// The cluster that the directory belongs to.
    package var clusterID: Name { properties.clusterID }
    package var directoryID: UUID { properties.directoryID }

    /// Whether producers should pause: more is written and not synced than the budget allows.
    package var isOverBudget: Bool { flusher.isOverBudget }

    /// Calls `body` once the unsynced bytes are within the budget: at once, or on the flusher's thread.
    package func whenBelowBudget(_ body: @escaping @Sendable () -> Void) { flusher.whenBelowBudget(body) }

    /// The space that is kept free for the broker itself.
    package var reserve: DiskReserve { services.reserve }

    /// Begins to write: takes the marker of the last clean stop away, and starts the flusher's thread.
    ///
    /// Must come before the first append.
    ///
    /// Without a thread (`startsThread`) the caller takes the flusher's turns.
    package func start(startsThread: Bool = true) throws(StorageError) {
        try takeMarker()
        do throws(StorageError) { try identify() } catch {
            // The broker begins with it before it names the directory to anybody.
            guard error.isLackOfSpace else { throw error }
        }
        reserve.check()
        state.withLock { $0.isStarted = startsThread }
        if startsThread { flusher.start() }
    }

    /// Closes everything in order: drain, sync, tidy up, checkpoints, and the marker last.
    ///
    /// Gives the lock up.
    ///
    /// The marker is left out if a partition could not be closed cleanly, or was not recovered in this run:
    /// the next start then looks closer at all of them, from their recovery points on. Where the last stop
    /// was clean, partitions that were refused all the same are only excepted from it. It is also left out
    /// after `leaveToRecovery`, and beyond `deadline` on the monotonic clock, when whoever stops us is about
    /// to lose patience.
    /// - Throws: `.stopTooSlow` beyond the deadline, and what kept a partition from being closed cleanly.
    package func stop(brokerEpoch: Int64 = -1, by deadline: Int64 = .max) throws(StorageError) {
        let (logs, hasThread) = state.withLock { state in
            defer { state.isStopped = true }
            return (
                state.isStopped ? nil : state.logs.sorted { $0.key.description < $1.key.description },
                state.isStarted
            )
        }
        guard let logs else { return }
        defer { lock.release() }
        if hasThread { flusher.stop() }
        while flusher.flushOnce() {}
        let failure = close(logs.map(\.value), threads: syncThreads, by: deadline)
        try requireTime(until: deadline)
        // What could not be closed may need the journal; else nothing of it is left to Kafka.
        if failure == nil { try services.journal?.remove() }
        try writeCheckpoints()
        if let failure { throw failure }
        guard try mayBeTrusted() else { return }
        try requireTime(until: deadline)
        try writeDoubtful()
        // Where this run could not even register, the last one's epoch stands.
        try putMarker(brokerEpoch: brokerEpoch >= 0 ? brokerEpoch : cleanStop?.brokerEpoch ?? -1)
    }

    /// So many logs are closed at a time: what they have to sync costs little more together.
    private static let closedTogether = 256

    /// Closes logs cleanly, as long as there is time; the first failure.
    private func close(_ logs: [OpenLog], threads: Int, by deadline: Int64) -> StorageError? {
        services.sealing.stop()
        services.logs.stop()
        var first: StorageError?
        var rest = logs[...]
        while !rest.isEmpty, services.clock.monotonicNanoseconds() < deadline {
            let logs = Array(rest.prefix(Self.closedTogether))
            rest = rest.dropFirst(logs.count)
            for (open, failure) in zip(logs, LogClosing.close(logs, threads: threads)) {
                guard let failure else { continue }
                first = first ?? failure
                services.logger.log(
                    .error, "log.close.failed",
                    ["partition": "\(open.log.partition)", "reason": failure.description])
            }
        }
        return first
    }

    private func requireTime(until deadline: Int64) throws(StorageError) {
        guard services.clock.monotonicNanoseconds() < deadline else { throw .stopTooSlow(path: path) }
    }

    /// Whether every partition on the disk is known to be whole.
    private func mayBeTrusted() throws(StorageError) -> Bool {
        let (hasDoubts, open) = state.withLock { ($0.hasDoubts, Set($0.logs.keys)) }
        if hasDoubts { return false }
        if cleanStop != nil { return true }
        return try partitionNames().allSatisfy { open.contains($0) }
    }

    /// Gives everything up without making anything durable, as a crash would; for tests and for the end of a
    /// failed start.
    package func abandon() {
        let (logs, hasThread) = state.withLock { state in
            defer { state.isStopped = true }
            return (state.isStopped ? [:] : state.logs, state.isStarted && !state.isStopped)
        }
        if hasThread { flusher.stop() }
        for open in logs.values { try? open.log.close(isClean: false) }
        lock.release()
    }
}
