// The table of partitions whose logs are open: how they get into it (found or made), and out of it.
internal import Base
internal import Storage

/// The partitions of a log directory.
///
/// What is known of one before it is open stands in the checkpoints, and what a crash left of it in the
/// opening. Under `state` the locks of logs and of those two may be taken, and no other.
final class PartitionTable: Sendable {
    struct State: Sendable {
        var logs: [TopicPartition: OpenLog] = [:]
        /// The settings of the log that was opened last, for the next one of its topic.
        var lastConfig: SharedLogConfig?
        /// Why nothing can be written any more.
        var failure: StorageError?
        /// Whether no log is opened any more.
        var isClosed = false
    }

    let identity: DirectoryIdentity
    let checkpoints: DirectoryCheckpoints
    let opening: DirectoryOpening
    let services: StoreServices
    let directories: PartitionDirectories
    /// Whether a log can be used before all of what a crash left in it is synced.
    let syncsLater: Bool
    let state = Lock(State())
    /// So many files or directories are synced at a time.
    private static let syncersMax = 16

    /// A table without an open log.
    init(
        _ identity: DirectoryIdentity, _ checkpoints: DirectoryCheckpoints, _ opening: DirectoryOpening,
        _ services: StoreServices, syncsLater: Bool
    ) {
        self.identity = identity
        self.checkpoints = checkpoints
        self.opening = opening
        self.services = services
        self.syncsLater = syncsLater
        directories = PartitionDirectories(path: identity.path, disk: identity.disk)
    }

    var path: String { identity.path }

    /// How many threads wait for syncs; the only one of a directory whose turns are taken by hand does so
    /// itself.
    var syncThreads: Int { services.flusher.hasThread ? Self.syncersMax : 1 }

    /// The open logs, in no order.
    var openLogs: [PartitionLog] { state.withLock { $0.logs.values.map(\.log) } }

    /// The open log of a partition, with its files.
    func openLog(of partition: TopicPartition) -> OpenLog? { state.withLock { $0.logs[partition] } }

    /// Does `body` unless a log was deleted; it stays there meanwhile.
    func whileOpen(_ log: PartitionLog, _ body: () -> Void) {
        state.withLock { if $0.logs[log.partition]?.log === log { body() } }
    }

    /// The settings that a log shares with the last one, where they are the same.
    func share(_ config: LogConfig) -> SharedLogConfig {
        state.withLock { state in
            if let last = state.lastConfig, last.value == config { return last }
            let shared = SharedLogConfig(config)
            state.lastConfig = shared
            return shared
        }
    }

    /// Puts a log into the table, unless it closed meanwhile, or nothing can be written any more.
    func add(_ open: OpenLog) throws(StorageError) {
        let partition = open.log.partition
        let (isClosed, failure) = state.withLock { state in
            if !state.isClosed, state.failure == nil {
                // Its checkpoints are the log's own from now on, at one with all others.
                checkpoints.opened(partition)
                state.logs[partition] = open
            }
            return (state.isClosed, state.failure)
        }
        guard isClosed || failure != nil else { return }
        open.log.close()
        if isClosed { throw .closed(path: directories.path(of: partition)) }
        try requireWritable()
    }

    /// Takes a partition out of the table and the checkpoints, as its files are about to go.
    func remove(_ partition: TopicPartition) -> OpenLog? {
        state.withLock { state in
            checkpoints.forget(partition)
            return state.logs.removeValue(forKey: partition)
        }
    }

    /// Opens no log any more; all that are open, in the order of their names, and nil the next time.
    func close() -> [OpenLog]? {
        state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
                ? nil : state.logs.sorted { $0.key.description < $1.key.description }.map(\.value)
        }
    }

    /// Whether nothing can be written here until the next start.
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    func requireWritable() throws(StorageError) {
        guard let failure = state.withLock({ $0.failure }) else { return }
        throw .offline(path: path, reason: failure.description)
    }

    /// Takes all partitions offline: the journal that they rely on cannot be written.
    func fail(_ error: StorageError) {
        state.withLock { $0.failure = $0.failure ?? error }
        services.logger.log(.error, "directory.taken_offline", ["path": path, "reason": error.description])
        for open in state.withLock({ Array($0.logs.values) }) { open.store.goOffline(error) }
    }

    /// Writes the checkpoints with what the open logs say.
    func writeCheckpoints() throws(StorageError) {
        try checkpoints.write { note in state.withLock { note($0.logs.values.map(\.marks)) } }
    }

    /// Writes the checkpoints; a failure is logged, as the next time may go better.
    func writeCheckpointsOrWarn() {
        // Recovery points do not reach into what stands in the journal alone.
        services.journal?.syncSegments()
        do throws(StorageError) {
            try writeCheckpoints()
        } catch {
            services.logger.logLimited(
                .warning, "checkpoint.failed", ["directory": path, "reason": error.description])
        }
    }
}

extension OpenLog {
    /// What checkpoints say of it.
    var marks: CheckpointMarks {
        let (bounds, kept) = (log.bounds, store.kept)
        return CheckpointMarks(
            partition: log.partition, kind: log.kind, recoveryPoint: kept.recoveryPoint,
            logStart: bounds.logStart > kept.oldest ? bounds.logStart : nil,
            highWatermark: bounds.highWatermark)
    }
}
