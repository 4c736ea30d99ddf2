// Batches with fewer records, as compaction leaves them: what remains keeps its offsets and times, and the
// batch its first and last offset, so that sequence numbers still follow from them.
package import Base
internal import Compression

extension RecordBatch {
    /// The batch with those of its records that `isKept` says, by their number, in the same codec.
    ///
    /// With a `deleteHorizon` compaction may drop its tombstones from then on (KIP-534).
    package func reduced(
        to isKept: [Bool], deleteHorizon: Timestamp?, limitBytes: Int
    ) throws(RecordError) -> [UInt8] {
        var options = BatchOptions(header, codec: try codec())
        options.deleteHorizon = deleteHorizon
        var builder = BatchBuilder(options)
        var number = 0
        try forEachRecord(limitBytes: limitBytes) { record, bytes in
            if number < isKept.count, isKept[number] {
                let delta = Int32(truncatingIfNeeded: record.offset - header.baseOffset)
                builder.append(record, in: bytes, offsetDelta: delta)
            }
            number += 1
            return true
        }
        do throws(CompressionError) {
            return try builder.finish(lastOffsetDelta: header.lastOffsetDelta)
        } catch { throw .compression(error) }
    }

    /// The batch without any record, which the state of a producer may still rest on.
    package func emptied() -> [UInt8] {
        var attributes = header.attributes
        attributes.codec = CompressionCodec.none
        attributes.hasDeleteHorizon = false
        var bytes: [UInt8] = []
        bytes.reserveCapacity(BatchLayout.headerSize)
        for position in 0..<BatchLayout.headerSize {
            bytes.append(self.bytes.integer(at: position, as: UInt8.self))
        }
        var span = bytes.mutableSpan
        var empty = unsafe span.mutableBytes
        empty.store(Int32(BatchLayout.minimumLength), at: BatchLayout.length)
        empty.store(attributes.rawValue, at: BatchLayout.attributes)
        empty.store(Timestamp.none.milliseconds, at: BatchLayout.baseTimestamp)
        empty.store(Int32(0), at: BatchLayout.recordCount)
        BatchStamp.checksum(in: &empty)
        return bytes
    }
}
