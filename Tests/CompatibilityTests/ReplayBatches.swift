// Record batches in a replay: they come back byte for byte, but for the ids that the broker chose.
import Base

/// A run of stored batches or old messages, split at their length fields.
enum StoredBatches {
    /// Where the fields of a batch of format v2 lie.
    private enum Field {
        static let magic = 16
        static let checksum = 17..<21
        static let attributes = 21
        static let lastTimestamp = 35..<43
        static let producerID = 43..<51
        static let header = 61
    }

    /// The whole batches in `bytes`; a cut-off one at the end is dropped, as consumers do.
    static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var batches: [[UInt8]] = []
        var position = 0
        while position + 12 <= bytes.count {
            let end = position + 12 + Int(integer(bytes, position + 8..<position + 12))
            guard end <= bytes.count, end > position + 12 else { break }
            batches.append(Array(bytes[position..<end]))
            position = end
        }
        return batches
    }

    static func baseOffset(_ batch: [UInt8]) -> Int64 { integer(batch, 0..<8) }

    /// The same batches with producer ids translated and checksums made right again.
    static func translated(_ bytes: [UInt8], producerIDs: [Int64: Int64]) -> [UInt8] {
        var isChanged = false
        let batches = split(bytes).map { batch in
            guard isCurrentFormat(batch) else { return batch }
            let recorded = integer(batch, Field.producerID)
            guard let live = producerIDs[recorded], live != recorded else { return batch }
            isChanged = true
            var batch = batch
            batch.replaceSubrange(Field.producerID, with: bigEndian(live))
            return resealed(batch)
        }
        return isChanged ? Array(batches.joined()) : bytes
    }

    /// A batch without what the broker may fill in, so that two brokers' copies compare equal.
    static func comparable(_ batch: [UInt8]) -> [UInt8] {
        guard isCurrentFormat(batch) else { return batch }
        var batch = batch
        let isStampedByBroker = batch[Field.attributes + 1] & 0x08 != 0
        if isStampedByBroker {
            batch.replaceSubrange(Field.lastTimestamp, with: repeatElement(0, count: 8))
            batch.replaceSubrange(Field.checksum, with: repeatElement(0, count: 4))
        }
        return batch
    }

    private static func isCurrentFormat(_ batch: [UInt8]) -> Bool {
        batch.count >= Field.header && batch[Field.magic] == 2
    }

    private static func resealed(_ batch: [UInt8]) -> [UInt8] {
        var batch = batch
        let checksum = CRC32C.checksum(Array(batch[Field.attributes...]).span.bytes)
        batch.replaceSubrange(Field.checksum, with: withUnsafeBytes(of: checksum.bigEndian) { Array($0) })
        return batch
    }

    private static func integer(_ bytes: [UInt8], _ range: Range<Int>) -> Int64 {
        bytes[range].reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
