// Opens the logs of partitions: those that somebody asks for at once, all others in the background. After a
// crash opening means reading what was written since the last checkpoint, so nobody waits for all of them.
internal import Base
internal import Storage
internal import Synchronization

/// A partition whose log is to be opened.
struct LogToOpen: Sendable {
    let id: TopicPartition
    let topicID: TopicID
    let config: SharedLogConfig
    /// Where it lies; nil if its directory is not there.
    let directory: (any StoragePlace)?
    /// Whether it has to be made, as far as the one who names it knows.
    let isNew: Bool

    /// The same with other settings.
    func with(_ config: SharedLogConfig) -> LogToOpen {
        LogToOpen(id: id, topicID: topicID, config: config, directory: directory, isNew: isNew)
    }
}

/// Opens partitions of one broker.
final class PartitionOpening: Sendable {
    private struct State {
        var isStopping = false
        /// How many logs are being opened.
        var running = 0
        /// Raised when the last of them is open while we stop.
        let isIdle = Signal()
    }
    private let state = Lock(State())
    private let isOver = Atomic(false)
    /// Partitions that are neither open nor given up.
    private let unsettled = Atomic(0)
    private let hasEnded = Signal()
    private let isBegun = Atomic(false)
    private let leadership: Leadership
    /// Whether a topic was deleted, and its directories are still to follow.
    private let isRemoved: @Sendable (TopicID) -> Bool
    private let background: BackgroundRunner
    private let logger: Logger
    /// Makes and deletes partitions, in turns.
    let making = PartitionMaking()

    /// Opens logs, which are led as `leadership` has it; those that are asked for by `background`.
    init(
        _ leadership: Leadership, isRemoved: @escaping @Sendable (TopicID) -> Bool,
        background: @escaping BackgroundRunner, logger: Logger
    ) {
        self.leadership = leadership
        self.isRemoved = isRemoved
        self.background = background
        self.logger = logger
    }

    /// Whether every partition of the start is open, or cannot be had.
    var isDone: Bool { isOver.load(ordering: .acquiring) }

    /// Whether a request may name a partition that is not open yet.
    var isAtWork: Bool { unsettled.load(ordering: .relaxed) > 0 }

    /// One more partition is to be opened.
    func expect() { unsettled.add(1, ordering: .relaxed) }

    /// One is open, or will not be.
    func settled() { unsettled.subtract(1, ordering: .relaxed) }

    /// Opens a partition now that somebody waits for.
    func request(_ partition: Partition, isNew: Bool) {
        if isNew { making.hurry(partition, by: makeTogether) } else { background { partition.open() } }
    }

    /// Makes new partitions, and calls `done` when the last one can be used, or cannot be had.
    func make(_ partitions: [Partition], then done: @escaping @Sendable () -> Void) {
        guard !partitions.isEmpty else { return done() }
        making.add(.init(work: makeTogether, partitions: partitions[...], done: done))
    }

    /// Opens all partitions of `topics` that are not open yet, on all processors; returns when that is done.
    func openAll(_ topics: TopicDirectory) {
        let partitions = topics.all.flatMap(\.partitions)
        make(partitions.filter(\.isNew)) {}
        runInParallel(partitions.count) { [self] number in
            if !partitions[number].isNew, !state.withLock({ $0.isStopping }) { partitions[number].open() }
        }
        guard !state.withLock({ $0.isStopping }) else { return }
        // Others may be at the last ones.
        for partition in partitions where !partition.isSettled {
            let isSettled = Signal()
            partition.whenSettled { isSettled.raise() }
            isSettled.wait()
        }
        leadership.storage.finishOpening()
        isOver.store(true, ordering: .releasing)
        if partitions.count >= PartitionMaking.workedMax { Machine.returnFreeMemory() }
        logger.log(.info, "partitions.opened", ["partitions": "\(partitions.count)"])
    }

    /// Does so in the background, and calls `done` afterwards.
    func begin(_ topics: TopicDirectory, then done: @escaping @Sendable () -> Void) {
        isBegun.store(true, ordering: .releasing)
        startDetachedThread(named: "apus-opening") { [self] in
            openAll(topics)
            hasEnded.raise()
            if isDone { done() }
        }
    }

    /// Opens nothing more when it returns.
    ///
    /// What a crash left is looked through first, as only then a stop can be clean, unless that takes until
    /// `deadline` on the monotonic clock.
    func stop(by deadline: Int64, _ clock: any BrokerClock) {
        let mustFinish = leadership.storage.isAfterCrash && isBegun.load(ordering: .acquiring)
        if mustFinish, !isDone {
            hasEnded.wait(nanoseconds: max(1, deadline - clock.monotonicNanoseconds()))
        }
        making.stop()
        let isIdle = state.withLock { state in
            state.isStopping = true
            return state.running == 0 ? nil : state.isIdle
        }
        isIdle?.wait()
    }

    /// The open log of a partition, created if it is not there, and led in `epoch` or a later one; nil, with
    /// a line in the log, if it cannot be had.
    func open(_ unopened: LogToOpen, leadingIn epoch: LeaderEpoch) -> PartitionLog? {
        guard begin() else { return nil }
        defer { end([unopened]) }
        return lead(unopened, in: epoch) { () throws in
            try self.openOrCreate(unopened, in: self.directory(of: unopened))
        }
    }

    /// Makes those of `partitions` that nobody is at, together.
    private func makeTogether(_ partitions: [Partition]) {
        let taken = partitions.compactMap { partition in
            partition.beginOpening().map { (partition: partition, unopened: $0) }
        }
        guard begin() else { return taken.forEach { $0.partition.settle(nil) } }
        defer { end(taken.map(\.unopened)) }
        var made: [TopicPartition: Result<PartitionLog, StorageError>] = [:]
        for directory in leadership.storage.places {
            let fresh = taken.map(\.unopened).filter { unopened in
                unopened.directory === directory && (try? directory.isUnknown(unopened.id)) == true
            }
            let wanted = fresh.map { NewPartition($0.id, of: $0.topicID, config: $0.config.value) }
            for (one, result) in zip(fresh, directory.createPartitions(wanted, kind: .data)) {
                made[one.id] = result
            }
        }
        for (partition, unopened) in taken {
            partition.settle(
                lead(unopened, in: partition.leaderEpoch) { () throws in
                    if let result = made[unopened.id] { return try result.get() }
                    return try self.openOrCreate(unopened, in: self.directory(of: unopened))
                })
        }
    }

    /// Counts what is under way; false once nothing more is to begin.
    private func begin() -> Bool {
        state.withLock { state in
            if !state.isStopping { state.running += 1 }
            return !state.isStopping
        }
    }

    private func end(_ opened: [LogToOpen]) {
        for unopened in opened { unopened.directory?.met() }
        let isIdle = state.withLock { state in
            state.running -= 1
            return state.isStopping && state.running == 0 ? state.isIdle : nil
        }
        isIdle?.raise()
    }

    private func directory(of unopened: LogToOpen) throws -> any StoragePlace {
        guard let directory = unopened.directory else {
            throw OpeningError(
                description: "the data directory that it was given is not among log.dirs, or is offline")
        }
        return directory
    }

    private func lead(
        _ unopened: LogToOpen, in epoch: LeaderEpoch, _ open: () throws -> PartitionLog
    ) -> PartitionLog? {
        do {
            let log = try open()
            try log.becomeLeader(epoch: try leadership.exceed(log, in: epoch))
            return log
        } catch {
            logger.log(
                .error, "partition.taken_offline", ["partition": "\(unopened.id)", "error": "\(error)"])
            return nil
        }
    }

    /// The log, made where its directory is missing: as the metadata names the partition, the crash came
    /// between record and directory.
    ///
    /// A directory of a deleted topic was not renamed yet.
    private func openOrCreate(
        _ unopened: LogToOpen, in directory: any StoragePlace
    ) throws(StorageError) -> PartitionLog {
        let (id, topicID, config) = (unopened.id, unopened.topicID, unopened.config.value)
        do throws(StorageError) {
            return try directory.openPartition(id, id: topicID, config: config)
        } catch .partitionMissing(let path, let end) {
            // Whoever gave its records up moved it away. No offset is given out a second time, so those that
            // consumers committed stay good.
            if end > .zero {
                logger.log(
                    .error, "partition.given_up",
                    ["directory": path, "reason": "it is missing", "goes_on_at": "\(end.value)"])
            }
            return try directory.createPartition(id, id: topicID, config: config, startingAt: end)
        } catch .topicIDMismatch(_, _, let found) where isRemoved(found) {
            try directory.deletePartition(id)
            logger.log(.info, "stray_partition.deleted", ["partition": "\(id)"])
            return try directory.createPartition(id, id: topicID, config: config)
        }
    }
}

/// Why a partition cannot be opened.
private struct OpeningError: Error, CustomStringConvertible {
    let description: String
}
