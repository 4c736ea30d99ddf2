// One history: a log directory lives through appends, deletions, retention, compaction, faults, stops and
// crashes as a seed decides, and after each start everything that was promised is looked for.
import Base
import Records
import Simulation
import Storage

@testable import LocalStorage

/// Work for the pool, which the history does when it likes.
final class PoolQueue: Sendable {
    private let jobs = Lock<[@Sendable () -> Void]>([])
    func add(_ job: @escaping @Sendable () -> Void) { jobs.withLock { $0.append(job) } }
    /// Does everything that waits.
    func run() {
        while true {
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let job else { return }
            job()
        }
    }
}

/// What happened in a history, line by line.
final class Trace: Sendable {
    private let lines = Lock<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
    func tell() { for line in lines.withLock({ $0 }) { print(line) } }
}

/// Whether something happened, as a log line told on whatever thread.
final class Mark: Sendable {
    private let mark = Lock(false)
    var isSet: Bool { mark.withLock { $0 } }
    func set(_ isSet: Bool) { mark.withLock { $0 = isSet } }
}

/// The life of one directory over several starts.
struct History {
    var random: SeededRandom
    let bug: PlantedBug?
    var disk: FaultyDisk
    let clock = SimulatedClock()
    let pool = PoolQueue()
    var directory: LogDirectory?
    var logs: [TopicPartition: PartitionLog] = [:]
    var slots: [Slot]
    var tag = 0
    var nextID: UInt64 = 1
    /// Whether the disk failed once too often: it kept nothing, and not even a note of that.
    let isUnmarked = Mark()
    /// Takes down what happens, for whoever has to understand a failure.
    var trace: Trace?

    init(seed: UInt64, bug: PlantedBug? = nil) {
        random = SeededRandom(seed: seed)
        self.bug = bug
        disk = FaultyDisk(SimulatedDisk(seed: random.next()), bug)
        slots = []
        for number in 0..<Int.random(in: 5...7, using: &random) {
            let policy: Policy =
                switch number {
                case 0: .compact
                case 1: random.chance(50) ? .compactAndDelete : .keep
                default: random.chance(40) ? .delete : .keep
                }
            slots.append(Slot(number, policy))
        }
    }

    func tell(_ event: @autoclosure () -> String) {
        trace?.add(event())
    }

    /// The settings of a slot's log.
    func config(of slot: Slot) -> LogConfig {
        var config = LogConfig()
        config.segmentBytes = slot.policy.compacts ? 1200 : 2500
        config.indexIntervalBytes = 200
        config.segmentAgeMax = .milliseconds(4000)
        config.compacts = slot.policy.compacts
        config.deletes = slot.policy.deletes
        config.retentionAge = .milliseconds(Self.retentionAge)
        config.retentionBytes = slot.policy.deletes ? Self.retentionBytes : nil
        config.fileDeleteDelay = .milliseconds(1000)
        config.deleteRetention = .milliseconds(2000)
        config.dirtyRatioMin = 0
        return config
    }

    static let retentionAge: Int64 = 9000
    static let retentionBytes: Int64 = 6000

    /// Runs the history.
    ///
    /// - Throws: `Violation` where a promise is broken.
    mutating func run() throws {
        defer { letGo() }
        for life in 0..<Int.random(in: 2...4, using: &random) {
            if life > 0, random.chance(50) { disk.base.setShortReads(random.chance(30)) }
            try start()
            if random.chance(60) { disk.base.crash(after: Int.random(in: 1...400, using: &random)) }
            for _ in 0..<Int.random(in: 5...40, using: &random) where !disk.base.isDead { try step() }
            try end()
        }
        try start()
        try settle()
    }

    // MARK: Start

    private mutating func start() throws {
        var options = LogDirectoryOptions(
            path: "/data", clusterID: "cluster", nodeID: 1, directoryID: UUID(high: 1, low: 2),
            version: "0.0-test")
        options.journalAreaBytes = 48 << 10
        options.syncsLater = random.chance(50)
        let (pool, trace, isUnmarked) = (pool, trace, isUnmarked)
        isUnmarked.set(false)
        do {
            let opened = try disk.during(.opening) { () throws(StorageError) in
                try LogDirectory(
                    options, disk: disk, clock: clock, background: { pool.add($0) },
                    logger: Logger(level: trace == nil ? .error : .info) { line in
                        if line.contains("suspect_log.not_marked") { isUnmarked.set(true) }
                        trace?.add("  \(line)")
                    })
            }
            try opened.start(startsThread: false)
            directory = opened
            let found = try opened.partitions()
            for number in slots.indices {
                let partition = slots[number].partition
                do {
                    try check(number, opened, found.first { $0.partition == partition })
                } catch let error as StorageError {
                    throw Violation(description: "\(partition): \(error)")
                }
            }
            if random.chance(50) { opened.finishOpening() }
        } catch let error as StorageError {
            throw Violation(description: "the directory does not open: \(error)")
        }
    }

    private mutating func check(
        _ number: Int, _ directory: LogDirectory, _ found: FoundPartition?
    ) throws {
        let slot = slots[number]
        guard let found, let id = found.topicID else {
            guard
                slot.alternatives.contains(where: { $0.map { $0.isUnsure && $0.durableEnd == .zero } ?? true }
                )
            else {
                throw Violation(description: "\(slot.partition) is gone")
            }
            // Half-made directories are deleted, as the broker does with what its metadata does not name.
            if found != nil { try directory.deletePartition(slot.partition) }
            slots[number].promise = nil
            return
        }
        let possible = slot.alternatives.compactMap { $0 }.filter { $0.id == id }
        guard !possible.isEmpty else {
            throw Violation(description: "\(slot.partition) is there again")
        }
        if let rot = slot.rot, rot.isInLog { return try checkRotten(number, directory, possible[0], rot) }
        slots[number].rot = nil
        guard let log = try open(slot, id, directory, isBeingDeleted: possible.allSatisfy(\.isBeingDeleted))
        else {
            try directory.deletePartition(slot.partition)
            slots[number].promise = nil
            return
        }
        // What is not synced yet readers see later.
        if log.bounds.highWatermark < log.bounds.logEnd {
            pool.run()
            flush()
        }
        let content = try log.found()
        tell("\(slot.partition): \(content.start.value) to \(content.end.value)")
        guard log.bounds.logEnd == content.end else {
            throw Violation(description: "\(slot.partition): readers do not see all of the log")
        }
        let judged = possible.map { ($0, $0.violation(content)) }
        guard var promise = judged.first(where: { $0.1 == nil })?.0 else {
            throw Violation(description: "\(slot.partition): \(judged[0].1 ?? "")")
        }
        promise.cut(to: content.end)
        promise.isBeingDeleted = false
        promise.durableEnd = content.end
        promise.startMin = content.start
        promise.startMax = max(content.start, promise.startMin)
        promise.compactedMax = min(promise.compactedMax, content.end)
        promise.epoch = max(promise.epoch, log.latestEpoch.value) + 1
        try log.becomeLeader(epoch: LeaderEpoch(promise.epoch))
        slots[number].promise = promise
        logs[slot.partition] = log
        try checkLookups(of: promise, log)
        try checkProducer(of: promise, log)
    }

    /// The log of a slot; nil if it is damaged and was to be deleted.
    private func open(
        _ slot: Slot, _ id: TopicID, _ directory: LogDirectory, isBeingDeleted: Bool
    ) throws -> PartitionLog? {
        let partition = slot.partition
        let config = config(of: slot)
        do {
            return try disk.during(.opening) { () throws(StorageError) in
                try directory.openPartition(partition, id: id, config: config)
            }
        } catch {
            guard isBeingDeleted, case StorageError.corrupt(let path, _, let reason) = error else {
                throw error
            }
            tell("\(path), which was to be deleted: \(reason)")
            return nil
        }
    }

    /// Reads that begin anywhere find the batch that they ask for.
    private mutating func checkLookups(of promise: LogPromise, _ log: PartitionLog) throws {
        let start = max(log.bounds.logStart, promise.policy.compacts ? promise.compactedMax : .zero)
        let whole = promise.written.filter { $0.base >= start && $0.next <= promise.durableEnd }
        for _ in 0..<2 {
            guard let batch = whole.randomElement(using: &random) else { return }
            let offset = batch.next.advanced(by: -1)
            guard try log.batches(from: offset, maxBytes: 1).first == batch.bytes else {
                throw Violation(
                    description: "\(log.partition): a read at \(offset.value) finds another batch")
            }
        }
    }

    /// The last five batches of a producer, sent again, must be known, and be where they were.
    private mutating func checkProducer(of promise: LogPromise, _ log: PartitionLog) throws {
        let producer = Int64.random(in: 100...102, using: &random)
        let sent = promise.written.filter { $0.producer == producer }
        let start = log.bounds.logStart
        for batch in sent.suffix(5) where batch.base >= start {
            // Compaction takes all of them but the last.
            if promise.policy.compacts, batch.base < promise.compactedMax, batch != sent.last { continue }
            guard case .duplicate(let range, _, _) = try log.append(batch.bytes, isAwaited: false) else {
                throw Violation(description: "\(log.partition): a batch that was sent again is there twice")
            }
            guard range.first == batch.base, range.last.next == batch.next else {
                throw Violation(
                    description: "\(log.partition): \(batch.base.value) passes for \(range.first.value)")
            }
        }
    }

    // MARK: End

    /// Lets go of the directory: what waits for its threads would hold it, and it holds what waits.
    private mutating func letGo() {
        directory?.abandon()
        while directory?.flusher.flushOnce() == true {}
        pool.run()
        directory = nil
        logs = [:]
    }

    /// Ends a life: by a clean stop, a kill or a power cut.
    private mutating func end() throws {
        var isClean = false
        if !disk.base.isDead, random.chance(40) {
            if random.chance(50) { pool.run() }
            noteDurable()
            do throws(StorageError) {
                try disk.during(.stopping) { () throws(StorageError) in try directory?.stop() }
                isClean = true
                tell("stopped")
                // Everything that was appended has become durable.
                for number in slots.indices {
                    guard let log = logs[slots[number].partition] else { continue }
                    slots[number].promise?.durableEnd = log.bounds.logEnd
                }
            } catch {}
        } else if !disk.base.isDead {
            noteDurable()
        }
        // After it the system's memory would pass for the disk, which nobody can tell then.
        let isKill = !disk.base.isDead && random.chance(40) && !isUnmarked.isSet
        tell(isKill ? "killed" : "power cut")
        let next = isKill ? disk.base.afterKill() : disk.base.afterPowerCut()
        next.setCapacity(.max)
        letGo()
        if random.chance(25) { rot(on: next, isClean: isClean) }
        disk = FaultyDisk(next, bug)
    }
}
