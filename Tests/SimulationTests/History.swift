// One history: a log directory lives through appends, truncations, deletions, faults, stops and crashes as a
// seed decides, and after each start everything that was promised is looked for.
import Base
import Records
import Simulation
import Storage

/// Work for the pool, which the history does when it likes.
private final class PoolQueue: Sendable {
    private let jobs = Lock<[@Sendable () -> Void]>([])
    func add(_ job: @escaping @Sendable () -> Void) { jobs.withLock { $0.append(job) } }
    func drop() { jobs.withLock { $0 = [] } }
    /// Does everything that waits.
    func run() {
        while true {
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let job else { return }
            job()
        }
    }
}

/// The life of one directory over several starts.
struct History {
    private var random: SeededRandom
    private let lie: Lie?
    private var disk: LyingDisk
    private let clock = SimulatedClock()
    private let pool = PoolQueue()
    private var directory: LogDirectory?
    private var logs: [TopicPartition: PartitionLog] = [:]
    private var slots: [Slot]
    private var tag = 0
    private var nextID: UInt64 = 1
    /// Prints what happens, for whoever has to understand a failure.
    var isTold = false

    private func tell(_ event: @autoclosure () -> String) {
        if isTold { print(event()) }
    }
    /// The history so far, for whoever has to understand a failure.
    private(set) var story: [String] = []

    init(seed: UInt64, lie: Lie? = nil) {
        random = SeededRandom(seed: seed)
        self.lie = lie
        disk = LyingDisk(SimulatedDisk(seed: random.next()), lie)
        slots = (0..<Int.random(in: 5...7, using: &random)).map { Slot($0) }
    }

    private var config: LogConfig {
        var config = LogConfig()
        config.segmentBytes = 2500
        config.indexIntervalBytes = 200
        return config
    }

    /// Runs the history.
    ///
    /// - Throws: `Violation` where a promise is broken.
    mutating func run() throws {
        for life in 0..<Int.random(in: 2...4, using: &random) {
            if life > 0, random.chance(50) { disk.base.setShortReads(random.chance(30)) }
            try start()
            if random.chance(60) { disk.base.crash(after: Int.random(in: 1...400, using: &random)) }
            for _ in 0..<Int.random(in: 5...40, using: &random) where !disk.base.isDead { try step() }
            try end()
        }
        try start()
    }

    // MARK: Start

    private mutating func start() throws {
        logs = [:]
        pool.drop()
        var options = LogDirectoryOptions(
            path: "/data", clusterID: "cluster", nodeID: 1, directoryID: UUID(high: 1, low: 2),
            version: "0.0-test")
        options.journalAreaBytes = 48 << 10
        let (pool, isTold) = (pool, isTold)
        do {
            let opened = try disk.during(.opening) { () throws(StorageError) in
                try LogDirectory(
                    options, disk: disk, clock: clock, background: { pool.add($0) },
                    logger: Logger(level: isTold ? .info : .error) { if isTold { print("  \($0)") } })
            }
            try opened.start(startsThread: false)
            directory = opened
            let found = try opened.partitions()
            for number in slots.indices {
                try check(
                    number, opened, found.first { $0.partition == slots[number].partition })
            }
        } catch let error as StorageError {
            throw Violation(description: "the directory does not open: \(error)")
        }
    }

    private mutating func check(
        _ number: Int, _ directory: LogDirectory, _ found: FoundPartition?
    ) throws {
        let slot = slots[number]
        guard let found, let id = found.topicID else {
            guard slot.alternatives.contains(where: { $0 == nil }) else {
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
        let log = try directory.openPartition(slot.partition, id: id, config: config)
        tell("\(slot.partition): \(log.bounds.logEnd.value)")
        let batches = try log.batches()
        let judged = possible.map { ($0, $0.violation(batches)) }
        guard var promise = judged.first(where: { $0.1 == nil })?.0 else {
            throw Violation(description: "\(slot.partition): \(judged[0].1 ?? "")")
        }
        promise.written.removeLast(promise.written.count - batches.count)
        promise.durableEnd = promise.end
        guard log.bounds.logEnd == promise.end else {
            throw Violation(description: "\(slot.partition): readers do not see all of the log")
        }
        promise.epoch = max(promise.epoch, log.latestEpoch.value) + 1
        try log.becomeLeader(epoch: LeaderEpoch(promise.epoch))
        slots[number].promise = promise
        logs[slot.partition] = log
        try checkProducer(of: promise, log)
    }

    /// The last batch, sent again, must be known, and nothing beyond it.
    private func checkProducer(of promise: LogPromise, _ log: PartitionLog) throws {
        guard let last = promise.written.last else { return }
        guard case .duplicate = try log.append(last.bytes, isAwaited: false) else {
            throw Violation(description: "\(log.partition): a batch that was sent again is there twice")
        }
    }

    // MARK: Steps

    private mutating func step() throws {
        let number = Int.random(in: slots.indices, using: &random)
        defer {
            tell(
                "\(number): "
                    + slots.map { "\($0.promise?.durableEnd.value ?? -1)/\($0.promise?.end.value ?? -1)" }
                    .joined(separator: " "))
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: try append(to: number)
        case 45..<60:
            // As under load: something for everyone, then one turn.
            for number in slots.indices { try append(to: number) }
            flush()
        case 60..<75: flush()
        case 75..<80: pool.run()
        case 80..<83: directory?.writeCheckpointsOrWarn()
        case 83..<87: try truncate(number)
        case 87..<92: try delete(number)
        case 92..<98: try create(number)
        default: injectFault()
        }
    }

    private mutating func append(to number: Int) throws {
        guard var promise = slots[number].promise, let log = logs[slots[number].partition] else {
            return try create(number)
        }
        guard !log.hasFailed, log.bounds.logEnd == promise.end else { return }
        tag += 1
        let count = Int.random(in: 1...3, using: &random)
        let batch = try makeBatch(
            at: promise.end, epoch: promise.epoch, records: count,
            bytes: Int.random(in: 10...(random.chance(10) ? 600 : 120), using: &random), tag: tag)
        let next = promise.end.advanced(by: Int64(count))
        // Noted before: what is being written when the power goes may be there afterwards.
        promise.written.append(WrittenBatch(bytes: batch, next: next))
        do {
            guard case .appended = try log.append(batch, isAwaited: random.chance(50)) else {
                throw Violation(description: "\(log.partition): a new batch passes for an old one")
            }
            slots[number].promise = promise
        } catch let error as StorageError {
            if case .outOfOrderSequence = error {
                throw Violation(description: "\(log.partition): a batch is refused: \(error)")
            }
            // Unless it could not even be taken back, it has left no trace.
            if disk.base.isDead || log.hasFailed || log.bounds.logEnd != promise.end {
                slots[number].promise = promise
            }
        }
    }

    private mutating func flush() {
        guard let directory else { return }
        while directory.flusher.flushOnce() {}
        noteDurable()
    }

    /// What readers see now is promised.
    private mutating func noteDurable() {
        for number in slots.indices {
            guard let log = logs[slots[number].partition], var promise = slots[number].promise else {
                continue
            }
            promise.durableEnd = max(promise.durableEnd, log.bounds.highWatermark)
            slots[number].promise = promise
        }
    }

    private mutating func truncate(_ number: Int) throws {
        guard let directory, var promise = slots[number].promise, let log = logs[slots[number].partition],
            let cut = promise.written.randomElement(using: &random)
        else { return }
        let kept = min(promise.durableEnd, cut.next)
        // Until it is done either is right.
        slots[number].promise?.durableEnd = kept
        do throws(StorageError) {
            tell("truncate \(number) to \(cut.next.value)")
            try disk.during(.truncating) { () throws(StorageError) in
                try directory.truncate(log, to: cut.next)
            }
            promise.durableEnd = kept
            promise.cut(to: cut.next)
            slots[number].promise = promise
        } catch {
            // A log that failed half-way is looked at again at the next start.
            logs[slots[number].partition] = nil
        }
    }

    private mutating func delete(_ number: Int) throws {
        tell("delete \(number)")
        guard let directory, var promise = slots[number].promise else { return }
        let partition = slots[number].partition
        logs[partition] = nil
        // It is decided: what a crash leaves of it is deleted by the next start, whatever is in it.
        promise.durableEnd = .zero
        slots[number].alternatives = [promise, nil]
        do throws(StorageError) {
            try disk.during(.deleting) { () throws(StorageError) in
                try directory.deletePartition(partition)
            }
            slots[number].promise = nil
            // Often it is back at once, now and then as the same topic.
            if random.chance(60) { try create(number, as: random.chance(50) ? promise.id : nil) }
        } catch {}
    }

    private mutating func create(_ number: Int, as id: TopicID? = nil) throws(StorageError) {
        guard let directory, slots[number].alternatives.count == 1, slots[number].promise == nil else {
            return
        }
        nextID += 1
        let promise = LogPromise(id: id ?? TopicID(high: 1, low: nextID))
        slots[number].alternatives = [nil, promise]
        do throws(StorageError) {
            logs[slots[number].partition] = try directory.createPartition(
                slots[number].partition, id: promise.id, config: config)
            slots[number].promise = promise
        } catch {}
    }

    private mutating func injectFault() {
        let base = disk.base
        tell("a fault")
        let skip = Int.random(in: 0...3, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: base.fail(.sync, suffix: ".log", errno: 5, skip: skip)
        case 1: base.fail(.write, suffix: ".log", errno: 5, skip: skip)
        case 2: base.fail(.sync, suffix: "/journal", errno: 5, skip: skip)
        case 3: base.fail(.write, suffix: "/journal", errno: 5, skip: skip)
        case 4: base.fail(.read, suffix: ".log", errno: 5, skip: skip)
        default: base.setCapacity(base.usedBytes + Int.random(in: 0...3000, using: &random))
        }
    }

    // MARK: End

    /// Ends a life: by a clean stop, a kill or a power cut.
    private mutating func end() throws {
        if !disk.base.isDead, random.chance(40) {
            if random.chance(50) { pool.run() }
            noteDurable()
            do throws(StorageError) {
                try disk.during(.stopping) { () throws(StorageError) in try directory?.stop() }
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
        let isKill = !disk.base.isDead && random.chance(40)
        tell(isKill ? "killed" : "power cut")
        let next = isKill ? disk.base.afterKill() : disk.base.afterPowerCut()
        next.setCapacity(.max)
        disk = LyingDisk(next, lie)
        directory = nil
    }
}
