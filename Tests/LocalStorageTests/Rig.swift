// What the tests of storage share: batches with contents that tell where they came from, and a log directory
// on a simulated disk that can be opened again and again.
import Base
import Compression
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// What a test wants of a batch.
struct BatchSpec {
    var values: [[UInt8]]
    var timestamps: [Int64]?
    var codec = CompressionCodec.none
    var producer: (id: Int64, epoch: Int16, sequence: Int32)?
    var isTransactional = false

    init(_ values: [[UInt8]]) { self.values = values }

    /// `count` records of `bytes` bytes each that no other batch has.
    init(count: Int, bytes: Int, tag: Int) {
        values = (0..<count).map { index in
            var value = Array("\(tag).\(index)/".utf8)
            value += [UInt8](
                repeating: 0x21 + UInt8((tag &* 31 &+ index) % 90), count: max(0, bytes - value.count))
            return value
        }
    }

    func bytes(at now: Int64 = 1_700_000_000_000) throws -> [UInt8] {
        var options = BatchOptions()
        options.codec = codec
        options.isTransactional = isTransactional
        if let producer {
            options.producerID = ProducerID(producer.id)
            options.producerEpoch = producer.epoch
            options.baseSequence = producer.sequence
        }
        var builder = BatchBuilder(options)
        for (index, value) in values.enumerated() {
            builder.append(
                timestamp: Timestamp(milliseconds: timestamps?[index] ?? now), key: nil, value: value)
        }
        return try builder.finish()
    }
}

/// The header of a batch.
func header(of batch: [UInt8]) throws -> BatchHeader { try BatchHeader(reading: batch.rawSpan) }

/// An end-of-transaction marker.
func marker(producer: Int64, epoch: Int16, commits: Bool) throws -> [UInt8] {
    try ControlRecords.marker(
        EndTransactionMarker(isCommit: commits, coordinatorEpoch: 7), producerID: ProducerID(producer),
        producerEpoch: epoch, timestamp: Timestamp(milliseconds: 1_700_000_000_000))
}

extension PartitionLog {
    /// Appends one batch as a broker does, which has producers recalled where it must; the bytes as they
    /// stand in the log go to `stored`.
    @discardableResult
    func append(
        _ batch: [UInt8], isAwaited: Bool = true, from origin: AppendOrigin = .producer,
        stored: UnsafeMutablePointer<[UInt8]>? = nil
    ) throws(StorageError) -> AppendResult {
        var batch = batch
        guard let header = try? BatchHeader(reading: batch.rawSpan) else {
            preconditionFailure("not a batch")
        }
        var result: AppendResult?
        var failure: StorageError?
        do {
            var bytes = batch.mutableSpan
            var raw = bytes.mutableBytes
            do throws(StorageError) {
                result = try append(&raw, header: header, isAwaited: isAwaited, from: origin)
                if result == .mustRecall {
                    try recallProducers()
                    result = try append(&raw, header: header, isAwaited: isAwaited, from: origin)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        stored?.pointee = batch
        guard let result else { preconditionFailure("neither result nor failure") }
        return result
    }

    @discardableResult
    func append(_ spec: BatchSpec) throws -> AppendResult { try append(try spec.bytes()) }

    /// All bytes of a slice.
    func bytes(
        from offset: Offset, maxBytes: Int = 1 << 30, upTo limit: ReadLimit = .highWatermark,
        firstBatch: LargeFirstBatch = .whole
    ) throws -> [UInt8] {
        let slice = try readEventually(from: offset, maxBytes: maxBytes, upTo: limit, firstBatch: firstBatch)
            .wait()
        let same = try read(from: offset, maxBytes: maxBytes, upTo: limit, firstBatch: firstBatch)
        #expect(same.length == slice.length && same.position == slice.position)
        var bytes: [UInt8] = []
        try slice.copy(into: &bytes)
        return bytes
    }

    /// Every batch that readers may see, from the start of the log on.
    func allBatches(upTo limit: ReadLimit = .highWatermark) throws -> [[UInt8]] {
        var batches: [[UInt8]] = []
        var offset = bounds.logStart
        while true {
            let bytes = try bytes(from: offset, upTo: limit)
            if bytes.isEmpty { return batches }
            var position = 0
            while position < bytes.count {
                let header = try BatchHeader(reading: bytes.rawSpan.extracting(position...))
                batches.append(Array(bytes[position..<(position + header.sizeInBytes)]))
                position += header.sizeInBytes
                offset = header.nextOffset
            }
        }
    }
}

/// Partition `index` of `topic`.
func partition(_ topic: Name, _ index: Int32 = 0) -> TopicPartition {
    TopicPartition(topic: topic, partition: PartitionIndex(index))
}

/// A log directory on a simulated disk.
struct Rig {
    var disk: SimulatedDisk
    let clock = SimulatedClock()
    var config = LogConfig()
    var directory: LogDirectory
    var lines = Lines()
    static let topicID = TopicID(high: 7, low: 4711)

    /// Log lines, for tests that expect one.
    final class Lines: Sendable {
        private let state = Lock<[String]>([])
        var all: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    init(seed: UInt64 = 1, config: LogConfig = LogConfig(), disk: SimulatedDisk? = nil) throws {
        self.disk = disk ?? SimulatedDisk(seed: seed)
        self.config = config
        directory = try Rig.open(self.disk, clock, lines)
        try directory.start(startsThread: false)
    }

    /// A directory that has work for the pool done at once, or never.
    static func open(
        _ disk: SimulatedDisk, _ clock: SimulatedClock, _ lines: Lines, hasPool: Bool = true
    ) throws(StorageError) -> LogDirectory {
        var options = LogDirectoryOptions(
            path: "/data", clusterID: "cluster", nodeID: 1, directoryID: UUID(high: 1, low: 200),
            version: "0.0-test")
        options.journalAreaBytes = 64 << 10
        return try LogDirectory(
            options, disk: disk, clock: clock, background: { if hasPool { $0() } },
            logger: Logger(level: .debug) { lines.add($0) })
    }

    func create(_ topic: Name = "t", kind: LogKind = .data) throws(StorageError) -> PartitionLog {
        try directory.createPartition(partition(topic), id: Rig.topicID, config: config, kind: kind)
    }

    func openLog(_ topic: Name = "t", kind: LogKind = .data) throws(StorageError) -> PartitionLog {
        try directory.openPartition(partition(topic), id: Rig.topicID, config: config, kind: kind)
    }

    /// Opens the directory again on another disk, or on the same one.
    func reopened(on disk: SimulatedDisk? = nil) throws -> Rig {
        var next = self
        next.disk = disk ?? self.disk
        next.directory = try Rig.open(next.disk, clock, lines)
        try next.directory.start(startsThread: false)
        return next
    }

    func flush() { while directory.flusher.flushOnce() {} }
}

extension LogConfig {
    /// Small segments and dense indexes, so that little data makes many of both.
    static var tiny: LogConfig {
        var config = LogConfig()
        config.segmentBytes = 4096
        config.indexIntervalBytes = 256
        return config
    }
}
