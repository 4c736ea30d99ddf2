// The store of the engine over files, on a simulated disk, for the suite.
import Base
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// The store of one partition of a log directory.
final class LocalRig: StoreUnderTest {
    let clock = SimulatedClock()
    private let setup: StoreSetup
    private let jobs = Jobs()
    private let random: SharedRandom
    private var disk: SimulatedDisk
    private var directory: LogDirectory
    private var isFailing = false
    /// Partitions beside it, so that many small syncs go through the journal.
    private let neighbours: [TopicPartition]
    private static let partition = TopicPartition(topic: "t", partition: PartitionIndex(0))
    private static let topicID = TopicID(high: 7, low: 4711)

    /// Each of these is a store of the directory; the log above it is there, but asleep.
    private(set) var store: any LogStore

    init(_ setup: StoreSetup) throws {
        self.setup = setup
        random = SharedRandom(seed: setup.seed)
        disk = SimulatedDisk(seed: setup.seed)
        let count = setup.seed % 2 == 0 ? 0 : JournalLimits.filesMin
        neighbours = (0..<count).map {
            TopicPartition(topic: "beside", partition: PartitionIndex(Int32($0)))
        }
        directory = try Self.open(disk, clock, jobs, random)
        try directory.start(startsThread: false)
        _ = try directory.createPartition(
            Self.partition, id: Self.topicID, config: setup.config, startingAt: setup.start)
        for neighbour in neighbours {
            _ = try directory.createPartition(neighbour, id: Self.topicID, config: LogConfig())
        }
        store = try Self.store(in: directory)
    }

    /// Tells the log above, which heard of nothing, where its store begins and ends, as its notes do.
    private func wakeLog() throws {
        let (log, bounds) = (try self.log, store.bounds)
        guard log.bounds.logEnd < bounds.end || log.bounds.logStart < bounds.start else { return }
        var epochs = LeaderEpochs()
        try store.walk(from: bounds.oldest) { header in
            epochs.assign(header.leaderEpoch, from: header.baseOffset)
            return true
        }
        log.state.withLock { state in
            state.bounds.logEnd = max(state.bounds.logEnd, bounds.end)
            state.bounds.highWatermark = max(state.bounds.highWatermark, bounds.durableEnd)
            state.epochs = epochs
            state.updateStable()
            state.moveStart(to: bounds.start)
        }
    }

    private static func open(
        _ disk: SimulatedDisk, _ clock: SimulatedClock, _ jobs: Jobs, _ random: SharedRandom
    ) throws -> LogDirectory {
        var options = LogDirectoryOptions(
            path: "/data", clusterID: "cluster", nodeID: 1, directoryID: UUID(high: 1, low: 200),
            version: "0.0-test")
        options.journalAreaBytes = 64 << 10
        options.syncsLater = random.draw(0..<2) == 0
        disk.setShortReads(random.draw(0..<2) == 0)
        disk.setCold(random.draw(0..<2) == 0)
        return try LogDirectory(
            options, disk: disk, clock: clock, background: { jobs.add($0) },
            logger: Logger(level: .error) { _ in })
    }

    private static func store(in directory: LogDirectory) throws -> any LogStore {
        try #require(directory.table.openLog(of: partition)?.store)
    }

    var log: PartitionLog { get throws { try #require(directory.log(of: Self.partition)) } }

    func step() { directory.flusher.flushOnce() }

    func flush() {
        if !isFailing { appendBeside() }
        repeat { jobs.run() } while directory.flusher.flushOnce()
        jobs.run()
    }

    private func appendBeside() {
        for neighbour in neighbours {
            guard let log = directory.log(of: neighbour), let batch = try? BatchPlan(values: 1).made() else {
                continue
            }
            _ = try? log.appendRecalling(batch.bytes)
        }
    }

    func answer() { jobs.run() }

    func refuseNextAppend() { disk.fail(.write, suffix: ".log", errno: 28) }

    func failNextSync() {
        disk.fail(.sync, suffix: ".log", errno: 5)
        isFailing = true
    }

    func stop() throws {
        try wakeLog()
        try directory.stop(brokerEpoch: 1)
    }

    func reopen(after ending: StoreEnding) throws {
        switch ending {
        case .cleanStop: try stop()
        case .crash:
            // After a failed sync the memory of the system would pass for the disk.
            let isKill = !isFailing && random.draw(0..<2) == 0
            let next = isKill ? disk.afterKill() : disk.afterPowerCut()
            directory.abandon()
            disk = next
        }
        jobs.run()
        isFailing = false
        directory = try Self.open(disk, clock, jobs, random)
        try directory.start(startsThread: false)
        _ = try directory.openPartition(
            Self.partition, id: Self.topicID, config: setup.config, kind: .data)
        for neighbour in neighbours {
            _ = try directory.openPartition(
                neighbour, id: Self.topicID, config: LogConfig(), kind: .data)
        }
        store = try Self.store(in: directory)
    }
}
