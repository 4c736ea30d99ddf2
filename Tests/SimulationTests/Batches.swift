// The batches of the histories: idempotent producers whose sequence numbers count their records in the log.
import Base
import Records
import Simulation

/// What a batch is to hold.
struct BatchPlan {
    var base: Offset
    var epoch: Int32
    var producer: Int64
    var sequence: Int32
    var timestamp: Int64
    /// Bytes of each record's value; nil for a tombstone.
    var sizes: [Int?]
    /// Keys of the records; none in a log that is not compacted.
    var keys: [String] = []
    /// Makes the batch different from all others.
    var tag: Int
}

extension BatchPlan {
    /// The batch as it stands in the log.
    func written() throws -> WrittenBatch {
        var options = BatchOptions()
        options.producerID = ProducerID(producer)
        options.producerEpoch = 0
        options.baseSequence = sequence
        var builder = BatchBuilder(options)
        var records: [WrittenRecord] = []
        for (number, size) in sizes.enumerated() {
            let key = number < keys.count ? keys[number] : nil
            let value = size.map {
                Array("\(tag)/\(number)/".utf8)
                    + [UInt8](repeating: UInt8(truncatingIfNeeded: tag), count: $0)
            }
            builder.append(
                timestamp: Timestamp(milliseconds: timestamp), key: key.map { Array($0.utf8) }, value: value)
            if let key {
                records.append(
                    WrittenRecord(
                        offset: base.value + Int64(number), key: key, value: value, timestamp: timestamp))
            }
        }
        var writer = ByteWriter()
        writer.raw(try builder.finish())
        writer.replace(at: BatchLayout.baseOffset, with: base.value)
        writer.replace(at: BatchLayout.leaderEpoch, with: epoch)
        return WrittenBatch(
            bytes: writer.bytes, base: base, next: base.advanced(by: Int64(sizes.count)),
            producer: producer, timestamp: timestamp, records: records)
    }
}

extension LogPromise {
    /// The next batch, as chance wants it.
    func nextBatch(tag: Int, at now: Int64, _ random: inout SeededRandom) throws -> WrittenBatch {
        let producer = Int64.random(in: 100...102, using: &random)
        let count = Int.random(in: 1...3, using: &random)
        let sizeMax = random.chance(10) ? 600 : 120
        var plan = BatchPlan(
            base: end, epoch: epoch, producer: producer, sequence: nextSequence(of: producer),
            timestamp: now, sizes: [], tag: tag)
        for _ in 0..<count {
            let isTombstone = policy.compacts && random.chance(15)
            plan.sizes.append(isTombstone ? nil : Int.random(in: 10...sizeMax, using: &random))
            if policy.compacts { plan.keys.append("k\(Int.random(in: 0..<8, using: &random))") }
        }
        return try plan.written()
    }
}
