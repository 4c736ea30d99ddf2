// What a store should hold, as a list of batches; and batches to be appended.
import Base
import Compression
import Records
import Simulation
import Storage

/// What a test wants of a batch.
struct BatchPlan {
    var base = Offset.zero
    var epoch = LeaderEpoch.zero
    var timestamps: [Int64]
    var codec = CompressionCodec.none
    /// So many bytes in each record.
    var valueBytes = 20
    var tag = 0
    var producer: (id: Int64, epoch: Int16, sequence: Int32)?
    var isTransactional = false

    init(values count: Int, at timestamp: Int64 = 1_700_000_000_000) {
        timestamps = Array(repeating: timestamp, count: count)
    }

    func made() throws -> ModelBatch {
        var options = BatchOptions()
        options.baseOffset = base
        options.leaderEpoch = epoch
        options.codec = codec
        options.isTransactional = isTransactional
        if let producer {
            options.producerID = ProducerID(producer.id)
            options.producerEpoch = producer.epoch
            options.baseSequence = producer.sequence
        }
        var builder = BatchBuilder(options)
        var records: [ModelRecord] = []
        for (number, timestamp) in timestamps.enumerated() {
            let value = Array("\(tag)/\(number)/".utf8) + [UInt8](repeating: 46, count: valueBytes)
            builder.append(timestamp: Timestamp(milliseconds: timestamp), key: nil, value: value)
            records.append(
                ModelRecord(offset: base.advanced(by: Int64(number)), timestamp: timestamp, epoch: epoch))
        }
        let bytes = try builder.finish()
        return ModelBatch(header: try BatchHeader(reading: bytes.span.bytes), bytes: bytes, records: records)
    }
}

struct ModelRecord: Sendable {
    let offset: Offset
    let timestamp: Int64
    let epoch: LeaderEpoch

    var hit: TimestampHit {
        TimestampHit(offset: offset, timestamp: Timestamp(milliseconds: timestamp), leaderEpoch: epoch)
    }
}

struct ModelBatch: Sendable {
    let header: BatchHeader
    let bytes: [UInt8]
    let records: [ModelRecord]

    var base: Offset { header.baseOffset }
    var next: Offset { header.nextOffset }
}

/// A store as it should be.
struct StoreModel {
    /// All that were ever appended and not lost, those that were deleted too: a crash may bring them back.
    var batches: [ModelBatch] = []
    /// The first offset of what is kept, which the engine chooses.
    var oldest: Offset
    var start: Offset
    var end: Offset

    init(startingAt start: Offset) { (oldest, self.start, end) = (start, start, start) }

    var kept: ArraySlice<ModelBatch> { batches.drop { $0.base < oldest } }
    /// The places where a batch begins or the store ends.
    var boundaries: [Offset] { kept.map(\.base) + [end] }

    /// Nil where there is no such record.
    func hit(_ query: TimestampQuery, below limit: Offset) -> TimestampHit? {
        let records = kept.joined(\.records).filter { $0.offset >= start && $0.offset < limit }
        switch query {
        case .atOrAfter(let timestamp):
            return records.first { $0.timestamp >= timestamp.milliseconds }?.hit
        case .greatest:
            let greatest = records.map(\.timestamp).max()
            return records.first { $0.timestamp == greatest }?.hit
        }
    }
}

extension Sequence {
    func joined<Part: Sequence>(_ part: (Element) -> Part) -> [Part.Element] {
        reduce(into: []) { $0 += part($1) }
    }
}

extension SeededRandom {
    mutating func upTo(_ most: Int) -> Int { Int.random(in: 0...most, using: &self) }

    mutating func upTo64(_ most: Int64) -> Int64 { Int64.random(in: 0...most, using: &self) }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[Int.random(in: items.indices, using: &self)] }
}
