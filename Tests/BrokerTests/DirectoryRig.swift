// A log directory on a simulated disk, for tests of what the broker does with it.
import Base
import Records
import Simulation
import Storage
import Testing

@testable import Broker
@testable import LocalStorage

/// A log directory whose clock the test moves.
struct DirectoryRig {
    let disk: SimulatedDisk
    let clock = SimulatedClock()
    let lines = Lines()
    let directory: LogDirectory

    /// Log lines.
    final class Lines: Sendable {
        private let state = Lock<[String]>([])
        var all: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
        var logger: Logger { Logger(level: .debug) { self.add($0) } }
    }

    init(_ disk: SimulatedDisk = SimulatedDisk(seed: 1), reserveBytes: Int64 = 0) throws {
        self.disk = disk
        var options = LogDirectoryOptions(
            path: "/data", clusterID: "cluster", nodeID: 1, directoryID: UUID(high: 1, low: 200),
            version: "test")
        options.reserveBytes = reserveBytes
        directory = try LogDirectory(
            options, disk: disk, clock: clock, background: { $0() }, logger: lines.logger)
        try directory.start(startsThread: false)
    }

    /// A log with one batch of `producer`, which is durable.
    func createLog(_ topic: Name, producer: Int64) throws -> PartitionLog {
        let log = try directory.createPartition(
            TopicPartition(topic: topic, partition: PartitionIndex(0)), id: UUID(high: 3, low: 4),
            config: LogConfig())
        try log.appendRecord(producer: producer, at: clock.wallTime())
        flush()
        return log
    }

    func flush() { while directory.flusher.flushOnce() {} }

    func recoveryPoint(_ topic: Name) throws -> Offset? {
        let name = OffsetCheckpoint.Kind.recoveryPoint.rawValue
        guard let bytes = try disk.contents("/data/" + name) else { return nil }
        let checkpoint = try OffsetCheckpoint(reading: bytes, path: name)
        return checkpoint.offsets[TopicPartition(topic: topic, partition: PartitionIndex(0))]
    }

    /// How many segments the first partition of `topic` has.
    func segments(_ topic: Name) throws -> Int {
        try disk.list("/data/\(topic)-0").filter { $0.name.hasSuffix(".log") }.count
    }
}

extension PartitionLog {
    /// Appends one record with a value of so many bytes.
    func appendRecord(producer: Int64? = nil, at time: Timestamp, bytes: Int = 5) throws {
        var options = BatchOptions()
        if let producer {
            options.producerID = ProducerID(producer)
            options.producerEpoch = 0
            options.baseSequence = 0
        }
        var builder = BatchBuilder(options)
        builder.append(timestamp: time, key: nil, value: [UInt8](repeating: 118, count: bytes))
        var bytes = try builder.finish()
        var span = bytes.mutableSpan
        var batch = span.mutableBytes
        let header = try BatchHeader(reading: batch.bytes)
        _ = try append(&batch, header: header)
    }
}
