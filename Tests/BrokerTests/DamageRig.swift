// A data directory with something of everything, and what was acknowledged of it, to be compared with what a
// broker makes of the directory once it was damaged.
import Base
import Protocol
import Records
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

/// What clients were told of one partition.
struct Acknowledged {
    var isCompacted = false
    var start = Offset.zero
    var end = Offset.zero
    /// As they stand in the log, by their first offset.
    var batches: [Int64: [UInt8]] = [:]
    /// The last value of each key; nil where that is a tombstone.
    var latest: [[UInt8]: [UInt8]?] = [:]
    var aborted: [AbortedTransaction] = []
    var lastStable = Offset.zero
    /// The last batch of its idempotent producer, as it was sent.
    var lastSent: [UInt8]?
}

/// How a directory came to rest.
enum Rest: CaseIterable { case stopped, killed }

/// A directory and what it must hold.
struct DamageRig {
    private(set) var disk: SimulatedDisk
    let rest: Rest
    private(set) var promised: [Name: Acknowledged] = [:]
    private var random: SeededRandom

    /// A directory whose history `seed` decides.
    init(seed: UInt64, _ rest: Rest) throws {
        random = SeededRandom(seed: seed)
        self.rest = rest
        disk = SimulatedDisk(seed: seed)
        var half = try StorageHalf(small: disk)
        for (name, policy): (Name, String) in [
            ("plain", "delete"), ("idem", "delete"), ("txn", "delete"), ("trimmed", "delete"),
            ("small", "delete"), ("__consumer_offsets", "compact"), ("empty", "delete"), ("gone", "delete"),
        ] {
            try half.make(name, policy)
            promised[name] = Acknowledged(isCompacted: policy == "compact")
        }
        for life in 0..<2 {
            for name in promised.keys.sorted() where name != "empty" {
                try write(name, to: half, life: life)
            }
            guard life == 0 else { break }
            try half.directory.stop()
            half = try StorageHalf(small: disk.afterKill())
        }
        try half.log("trimmed").trim(to: Offset((promised["trimmed"]?.end.value ?? 0) * 2 / 3))
        promised["trimmed"]?.start = try half.log("trimmed").bounds.logStart
        if seed % 2 == 0 { _ = try half.log("trimmed").expire(at: half.clock.wallTime()) }
        #expect(half.delete("gone") == nil)
        promised["gone"] = nil
        if seed % 3 > 0 { try half.directory.writeCheckpoints() }
        for name in promised.keys { try note(name, half) }
        switch rest {
        case .stopped: try half.directory.stop()
        case .killed: half.directory.abandon()
        }
        disk = half.disk.afterKill()
    }

    private mutating func write(_ name: Name, to half: StorageHalf, life: Int) throws {
        let log = try half.log(name)
        var config = log.config
        config.segmentBytes = name == "small" ? 1 << 20 : 1500
        config.indexIntervalBytes = 200
        log.update(config)
        for number in 0..<(name == "small" ? 3 : 24) {
            let spec = try batch(name, life * 100 + number, log)
            promised[name]?.lastSent = name == "idem" ? spec : nil
            try log.appendBytes(spec)
            if number % 8 == 7 { try half.settle(name) }
        }
        if name == "txn" {
            try log.appendBytes(try Self.marker(commits: life == 0, producer: 70))
        }
        try half.settle(name)
        if name == "__consumer_offsets", life == 1 {
            let limits = CompactionSettings()
            let pace = CompactionPace(
                bytesPerSecond: .infinity, clock: half.clock, pause: { _ in }, isStopping: { false })
            _ = half.directory.compactNext(at: half.clock.wallTime(), limits, pace)
        }
    }

    private mutating func batch(_ name: Name, _ number: Int, _ log: PartitionLog) throws -> [UInt8] {
        var options = BatchOptions()
        if name == "idem" || name == "txn" {
            options.producerID = ProducerID(name == "idem" ? 60 : 70)
            options.producerEpoch = 0
            options.baseSequence = Int32(number % 100 + (number / 100) * 24)
            options.isTransactional = name == "txn"
        }
        var builder = BatchBuilder(options)
        let count = name == "idem" || name == "txn" ? 1 : Int.random(in: 1...3, using: &random)
        for index in 0..<count {
            let key: [UInt8]? =
                name == "__consumer_offsets"
                ? Array("key\(Int.random(in: 0..<9, using: &random))".utf8) : nil
            builder.append(
                timestamp: Timestamp(milliseconds: 1_700_000_000_000 + Int64(number)), key: key,
                value: Array("\(name) \(number).\(index) \(String(repeating: "x", count: 40))".utf8))
        }
        return try builder.finish()
    }

    private static func marker(commits: Bool, producer: Int64) throws -> [UInt8] {
        try ControlRecords.marker(
            EndTransactionMarker(isCommit: commits, coordinatorEpoch: 7), producerID: ProducerID(producer),
            producerEpoch: 0, timestamp: Timestamp(milliseconds: 1_700_000_000_000))
    }

    /// Notes what readers see now.
    private mutating func note(_ name: Name, _ half: StorageHalf) throws {
        let log = try half.log(name)
        var known = try #require(promised[name])
        known.start = log.bounds.logStart
        known.end = log.bounds.highWatermark
        known.lastStable = log.bounds.lastStable
        var offset = known.start
        while offset < known.end {
            let slice = try log.read(from: offset, maxBytes: 1 << 20, upTo: .highWatermark)
            known.aborted = slice.aborted
            var bytes: [UInt8] = []
            try slice.copy(into: &bytes)
            if bytes.isEmpty { break }
            for batch in Self.split(bytes) {
                known.batches[batch.header.baseOffset.value] = batch.bytes
                offset = batch.header.nextOffset
            }
        }
        for base in known.batches.keys.sorted() {
            for record in try Self.records(known.batches[base] ?? []) {
                if let key = record.key { known.latest[key] = .some(record.value) }
            }
        }
        known.aborted = try log.read(from: known.start, maxBytes: 1 << 20, upTo: .lastStable).aborted
        promised[name] = known
    }

    static func split(_ bytes: [UInt8]) -> [(header: BatchHeader, bytes: [UInt8])] {
        var found: [(BatchHeader, [UInt8])] = []
        var position = 0
        while let header = try? BatchHeader(reading: bytes.span.bytes.extracting(position...)),
            position + header.sizeInBytes <= bytes.count
        {
            found.append((header, Array(bytes[position..<(position + header.sizeInBytes)])))
            position += header.sizeInBytes
        }
        return found
    }

    /// Whether a client takes the bytes for a batch.
    static func isSound(_ batch: [UInt8]) -> Bool {
        do {
            try RecordBatch(reading: batch.span.bytes).verifyChecksum()
            return true
        } catch {
            return false
        }
    }

    static func records(_ batch: [UInt8]) throws -> [Record] {
        try RecordBatch(reading: batch.span.bytes).records(limitBytes: 1 << 20)
    }
}

extension StorageHalf {
    /// Starts with a small journal, as there will be many copies.
    init(small disk: SimulatedDisk) throws { try self.init(on: disk, journalAreaBytes: 256 << 10) }

    fileprivate func make(_ name: Name, _ policy: String) throws {
        var topic = NewTopic(name: name)
        topic.partitionCount = 1
        topic.configs = ["cleanup.policy": policy]
        if policy == "compact" { topic.configs["min.cleanable.dirty.ratio"] = "0" }
        let wanted = topic
        let done = Signal()
        catalog.create([wanted], by: "test", validateOnly: false) { _ in done.raise() }
        done.wait()
        try #require(catalog.topics[name] != nil)
    }

    /// Waits until everything that was appended is durable, and noted.
    fileprivate func settle(_ name: Name) throws {
        let log = try log(name)
        let watch = DurabilityWatch()
        log.setObserver(watch)
        #expect(watch.wait(for: log.bounds.logEnd, of: log) == nil)
    }
}

extension PartitionLog {
    /// Appends one batch.
    @discardableResult
    func appendBytes(_ batch: [UInt8]) throws -> AppendResult {
        var batch = batch
        let header = try BatchHeader(reading: batch.span.bytes)
        var span = batch.mutableSpan
        var bytes = span.mutableBytes
        let result = try append(&bytes, header: header)
        guard result == .mustRecall else { return result }
        try recallProducers()
        return try append(&bytes, header: header)
    }
}
