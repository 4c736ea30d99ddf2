// One log directory, put together from its parts, and the ceremony of starting and stopping. A directory that
// holds something else than what Apus or Kafka write is refused untouched.
package import Base
internal import Storage

/// What a directory is opened with.
package struct LogDirectoryOptions: Sendable {
    /// The path of the directory; it and those above it are created if they are missing.
    var path: String
    /// Used if the directory is new.
    var clusterID: Name
    var nodeID: Int32
    /// Used if the directory is new.
    var directoryID: UUID
    /// The version of this program, noted in new directories.
    var version: String
    /// Beyond so many unsynced bytes producers are to pause.
    package var unsyncedBytesMax = 256 << 20
    /// So much space is kept free; clients' records are refused below it.
    package var reserveBytes: Int64 = 0
    /// Whether a log can be used before all of what a crash left in it is synced; until then readers see what
    /// is known to be durable.
    package var syncsLater = false
    /// How far each of the journal's two areas may grow; 0 means no journal.
    var journalAreaBytes = JournalLimits.areaBytes

    /// Options for the directory at `path`.
    package init(path: String, clusterID: Name, nodeID: Int32, directoryID: UUID, version: String) {
        self.path = path
        self.clusterID = clusterID
        self.nodeID = nodeID
        self.directoryID = directoryID
        self.version = version
    }
}

/// An open log directory: whose it is (`DirectoryIdentity`), its partitions (`PartitionTable`), how far they
/// reached (`DirectoryCheckpoints`), and what a start has to make good (`DirectoryOpening`).
///
/// Each part has one lock around its state. That of the table is taken before those of the checkpoints, of
/// the opening, or of a log and then its store, so that what belongs together changes at once; those come
/// last. `DirectoryCheckpoints.writing` is held while files are written, and taken before the table's.
final class LogDirectory: Sendable {
    /// The path as it was given.
    let path: String
    let identity: DirectoryIdentity
    let checkpoints: DirectoryCheckpoints
    let opening: DirectoryOpening
    let table: PartitionTable
    let services: StoreServices
    /// Syncs what is appended to the logs of this directory.
    let flusher: Flusher

    /// Opens a directory, and makes an empty or missing one a log directory.
    ///
    /// The files of partitions are not touched.
    ///
    /// - Throws: `.foreignDirectory`, `.directoryInUse`, `.corrupt`, `.io`, `.outOfSpace`.
    init(
        _ options: LogDirectoryOptions, disk: any Disk, clock: any BrokerClock,
        background: @escaping BackgroundRunner,
        logger: Logger
    ) throws(StorageError) {
        path = options.path
        let claim = try DirectoryIdentity.claim(options, disk)
        if let first = claim.foreignFiles.first {
            logger.log(
                .warning, "foreign_files.found",
                ["directory": path, "files": "\(claim.foreignFiles.count)", "first": first])
        }
        let replayed = try JournalReplay(logDirectory: path, disk: disk, logger: logger).begin()
        // A marker beside a journal is that of somebody who did not know what the journal is.
        let cleanStop = replayed.wasLive ? nil : try DirectoryIdentity.readCleanStop(path, disk)
        identity = DirectoryIdentity(claim, at: path, cleanStop: cleanStop, disk: disk)
        services = LogDirectory.services(options, replayed, disk, clock, background, logger)
        flusher = services.flusher
        checkpoints = try DirectoryCheckpoints(of: path, isNew: claim.isNew, disk, logger)
        opening = DirectoryOpening(
            path, services, hadMarker: cleanStop != nil,
            doubtful: cleanStop == nil ? [] : try DirectoryIdentity.readDoubtful(path, disk),
            journalBounds: replayed.bounds)
        table = PartitionTable(identity, checkpoints, opening, services, syncsLater: options.syncsLater)
        flusher.afterJournalFailure { [weak table] in table?.fail($0) }
        flusher.afterSealing { [weak table] in
            guard let table else { return }
            background { table.writeCheckpointsOrWarn() }
        }
    }

    /// What the logs share.
    private static func services(
        _ options: LogDirectoryOptions, _ replayed: JournalReplay.Outcome, _ disk: any Disk,
        _ clock: any BrokerClock, _ background: @escaping BackgroundRunner, _ logger: Logger
    ) -> StoreServices {
        let failures = SyncFailures()
        let journal = Journal(
            in: options.path, areaBytes: options.journalAreaBytes, disk: disk, clock: clock,
            background: background, logger: logger, failures: failures, recovered: replayed.recovered)
        let flusher = Flusher(
            disk: disk, clock: clock, budgetBytes: options.unsyncedBytesMax, failures: failures,
            journal: journal)
        let reserve = DiskReserve(
            bytes: options.reserveBytes, path: options.path, disk: disk, clock: clock, logger: logger)
        return StoreServices(
            disk: disk, clock: clock, flusher: flusher, background: background, logger: logger,
            reserve: reserve, failures: failures, journal: journal,
            suspects: SuspectMarks(
                JournalDirectory(in: options.path, disk: disk), replayed.suspects, logger),
            volume: disk.volume(of: options.path))
    }

    /// Begins to write: takes the marker of the last clean stop away, and starts the flusher's thread.
    ///
    /// Must come before the first append.
    ///
    /// Without a thread (`startsThread`) the caller takes the flusher's turns.
    func start(startsThread: Bool = true) throws(StorageError) {
        try identity.takeMarker()
        do throws(StorageError) { try identity.identify() } catch {
            // The broker begins with it before it names the directory to anybody.
            guard error.isLackOfSpace else { throw error }
        }
        reserve.check()
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
    func stop(brokerEpoch: Int64 = -1, by deadline: Int64 = .max) throws(StorageError) {
        guard let logs = table.close() else { return }
        opening.end()
        defer {
            services.journal?.end()
            identity.release()
        }
        if flusher.hasThread { flusher.stop() }
        while flusher.flushOnce() {}
        let failure = close(logs, by: deadline)
        try requireTime(until: deadline)
        // What could not be closed may need the journal; else nothing of it is left to Kafka.
        if failure == nil { try services.journal?.remove() }
        try writeCheckpoints()
        if let failure { throw failure }
        let mayVouch = try opening.mayVouch { () throws(StorageError) in
            let open = Set(table.openLogs.map(\.partition))
            return try partitionNames().allSatisfy(open.contains)
        }
        guard mayVouch else { return }
        try requireTime(until: deadline)
        try identity.writeDoubtful(opening.doubtful)
        // Where this run could not even register, the last one's epoch stands.
        let lastEpoch = identity.cleanStop?.brokerEpoch ?? -1
        try identity.putMarker(brokerEpoch: brokerEpoch >= 0 ? brokerEpoch : lastEpoch)
    }

    /// So many logs are closed at a time: what they have to sync costs little more together.
    private static let closedTogether = 2048

    /// Closes logs cleanly, as long as there is time; the first failure.
    private func close(_ logs: [OpenLog], by deadline: Int64) -> StorageError? {
        services.sealing.stop()
        services.logs.stop()
        var first: StorageError?
        var rest = logs[...]
        while !rest.isEmpty, services.clock.monotonicNanoseconds() < deadline {
            let logs = Array(rest.prefix(Self.closedTogether))
            rest = rest.dropFirst(logs.count)
            let failures = LogClosing.close(logs, on: services.volume, threads: table.syncThreads)
            for (open, failure) in zip(logs, failures) {
                guard let failure else { continue }
                first = first ?? failure
                services.logger.log(
                    .error, "log_close.failed",
                    ["partition": "\(open.log.partition)", "reason": failure.description])
            }
        }
        return first
    }

    private func requireTime(until deadline: Int64) throws(StorageError) {
        guard services.clock.monotonicNanoseconds() < deadline else { throw .stopTooSlow(path: path) }
    }

    /// Gives everything up without making anything durable, as a crash would; for tests and for the end of a
    /// failed start.
    func abandon() {
        if let logs = table.close() {
            opening.end()
            if flusher.hasThread { flusher.stop() }
            for open in logs { open.log.close() }
            services.journal?.end()
        }
        identity.release()
    }
}
