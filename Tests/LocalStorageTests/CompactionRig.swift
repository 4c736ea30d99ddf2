// What the tests of compaction share: records with keys, and a log whose compaction is run at once.
import Base
import Compression
import Records
import Simulation
import Testing

@testable import LocalStorage
@testable import Storage

/// A record with a key; without a value it is a tombstone.
struct Keyed: Equatable {
    var key: String
    var value: String?

    init(_ key: String, _ value: String?) {
        self.key = key
        self.value = value
    }
}

/// Which producer a batch is from.
struct TestProducer {
    var id: Int64
    var epoch: Int16 = 0
    var sequence: Int32
    var isTransactional = false
}

/// A batch of these records.
func keyed(
    _ records: [Keyed], at time: Int64 = 1_700_000_000_000, codec: CompressionCodec = .none,
    producer: TestProducer? = nil
) throws -> [UInt8] {
    var options = BatchOptions()
    options.codec = codec
    if let producer {
        options.producerID = ProducerID(producer.id)
        options.producerEpoch = producer.epoch
        options.baseSequence = producer.sequence
        options.isTransactional = producer.isTransactional
    }
    var builder = BatchBuilder(options)
    for record in records {
        builder.append(
            timestamp: Timestamp(milliseconds: time), key: Array(record.key.utf8),
            value: record.value.map { Array($0.utf8) })
    }
    return try builder.finish()
}

/// A record as a reader finds it.
struct FoundRecord: Equatable {
    var offset: Int64
    var record: Keyed
}

extension PartitionLog {
    /// Every record that readers see, without control records.
    func records() throws -> [FoundRecord] {
        try allBatches().flatMap { bytes -> [FoundRecord] in
            let batch = try RecordBatch(reading: bytes.rawSpan)
            try batch.verifyChecksum()
            guard !batch.header.attributes.isControl else { return [] }
            return try batch.records(limitBytes: 1 << 20).map { record in
                FoundRecord(
                    offset: record.offset.value,
                    record: Keyed(
                        String(decoding: record.key ?? [], as: UTF8.self),
                        record.value.map { String(decoding: $0, as: UTF8.self) }))
            }
        }
    }
}

extension LogConfig {
    /// Small segments that are compacted whenever there is anything to compact.
    static var compacting: LogConfig {
        var config = LogConfig.tiny
        config.segmentBytes = 1000
        config.indexIntervalBytes = 100
        config.compacts = true
        config.deletes = false
        config.dirtyRatioMin = 0
        config.deleteRetention = .milliseconds(1000)
        return config
    }
}

extension Rig {
    /// A log of its directory with what lies under it.
    func open(_ log: PartitionLog) throws -> OpenLog {
        try #require(directory.table.openLog(of: log.partition))
    }

    /// Compacts until nothing is left to do, at most `rounds` times; how often something was done.
    @discardableResult
    func compact(mapBytes: Int = 1 << 20, rounds: Int = 100) -> Int {
        var limits = CompactionSettings()
        limits.mapBytes = mapBytes
        let pace = CompactionPace(
            bytesPerSecond: .infinity, clock: clock, pause: { _ in }, isStopping: { false })
        var done = 0
        while done < rounds, directory.compactNext(at: clock.wallTime(), limits, pace) == .compacted {
            done += 1
        }
        return done
    }

    /// Closes the active segment of `log`, so that all of it may be compacted.
    func seal(_ log: PartitionLog) throws {
        flush()
        let kept = log.config
        var config = kept
        config.segmentAgeMax = .zero
        log.update(config)
        _ = try log.rollIfAged(at: Timestamp(milliseconds: .max / 2))
        log.update(kept)
        flush()
    }
}
