// A whole log over either engine, which can be opened again and again.
import Base
import Compression
import MemoryStorage
import Records
import Simulation
import Storage
import Testing

/// A log, and the levers that tests of it pull.
protocol LogUnderTest: AnyObject {
    /// The log as it was opened last.
    var log: PartitionLog { get throws }
    func step()
    func flush()
    func failNextSync()
    func reopen(after ending: StoreEnding) throws
}

extension TestedEngine {
    func makeLog(_ setup: StoreSetup) throws -> any LogUnderTest {
        switch self {
        case .memory: try MemoryLogRig(setup)
        case .local: try LocalRig(setup)
        }
    }
}

extension LocalRig: LogUnderTest {}

/// A log over the store in memory.
final class MemoryLogRig: LogUnderTest {
    let clock = SimulatedClock()
    private(set) var store: MemoryStore
    private(set) var log: PartitionLog
    private var notes: MemoryNotes
    private var services: LogServices
    private let jobs = Jobs()
    private let memory: MemoryServices
    private let config: SharedLogConfig

    init(_ setup: StoreSetup) throws {
        let (random, jobs) = (SharedRandom(seed: setup.seed), jobs)
        let behaviour = MemoryBehaviour { random.draw($0) }
        memory = MemoryServices(clock: clock, background: { jobs.add($0) }, behaviour: behaviour)
        config = SharedLogConfig(setup.config)
        store = MemoryStore("memory", startingAt: setup.start, config: config, memory)
        notes = MemoryNotes("memory", behaviour: behaviour)
        services = Self.services(clock, jobs)
        log = try Self.open(store, notes, services, config)
    }

    private static func services(_ clock: SimulatedClock, _ jobs: Jobs) -> LogServices {
        LogServices(
            clock: clock, logger: Logger(level: .error) { _ in }, background: { jobs.add($0) },
            refusesRecords: { false })
    }

    private static func open(
        _ store: MemoryStore, _ notes: MemoryNotes, _ services: LogServices, _ config: SharedLogConfig
    ) throws -> PartitionLog {
        let partition = TopicPartition(topic: "t", partition: PartitionIndex(0))
        return try PartitionLog.open(
            LogIdentity(partition: partition, topicID: TopicID(high: 7, low: 4711)), store: store,
            notes: notes, services: services, config: config)
    }

    func step() { _ = store.step() }

    func flush() {
        store.flush()
        jobs.run()
    }

    /// Does what waits for the pool.
    func runJobs() { jobs.run() }

    func failNextSync() { store.failNextStep(.io(operation: .sync, path: "memory", errno: 5)) }

    func reopen(after ending: StoreEnding) throws {
        switch ending {
        case .cleanStop:
            services.stop()
            try store.stop()
            if let failure = NoteWriting.write([log], isFinal: true, threads: 1)[0] { throw failure }
            log.close()
            (store, notes) = (store.afterStop(memory), notes.afterStop())
        case .crash:
            let (next, kept) = (store.afterCrash(memory), notes.afterCrash())
            log.close()
            services.stop()
            (store, notes) = (next, kept)
        }
        jobs.run()
        services = Self.services(clock, jobs)
        log = try Self.open(store, notes, services, config)
    }
}

extension PartitionLog {
    /// Appends one batch, and says so where producers have to be recalled first.
    func appendOnce(_ batch: [UInt8]) throws(StorageError) -> AppendResult {
        var batch = batch
        guard let header = try? BatchHeader(reading: batch.span.bytes) else {
            preconditionFailure("a test made something that is no batch")
        }
        var bytes = batch.mutableSpan
        var raw = bytes.mutableBytes
        return try append(&raw, header: header)
    }

    /// Appends one batch as a broker does.
    func appendRecalling(_ batch: [UInt8]) throws(StorageError) -> AppendResult {
        let result = try appendOnce(batch)
        guard result == .mustRecall else { return result }
        try recallProducers()
        return try appendOnce(batch)
    }

    /// All bytes from `offset` to a limit, however many slices that takes.
    func bytes(from offset: Offset, upTo limit: ReadLimit) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachSlice(from: offset, upTo: limit) { bytes += $1 }
        return bytes
    }

    /// The batches that a read_committed consumer makes use of who reads on from `offset`.
    func committed(from offset: Offset) throws -> [Offset] {
        var found: [Offset] = []
        try forEachSlice(from: offset, upTo: .lastStable) { slice, bytes in
            var position = 0
            while position < bytes.count,
                let header = try? BatchHeader(reading: bytes.span.bytes.extracting(position...))
            {
                let isAborted = slice.aborted.contains { transaction in
                    transaction.producerID == header.producerID && transaction.first <= header.baseOffset
                        && header.baseOffset <= transaction.last && header.attributes.isTransactional
                }
                if !isAborted, !header.attributes.isControl { found.append(header.baseOffset) }
                position += header.sizeInBytes
            }
        }
        return found
    }

    private func forEachSlice(
        from start: Offset, upTo limit: ReadLimit, _ visit: (LogSlice, [UInt8]) -> Void
    ) throws {
        var offset = start
        while true {
            let slice = try read(from: offset, maxBytes: 1 << 20, upTo: limit)
            guard slice.length > 0 else { return }
            let part = try slice.copy(slice.length, at: 0)
            var position = 0
            while position < part.count {
                let header = try BatchHeader(reading: part.span.bytes.extracting(position...))
                position += header.sizeInBytes
                offset = header.nextOffset
            }
            visit(slice, part)
        }
    }
}
