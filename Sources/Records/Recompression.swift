// A topic's compression.type wins over the producer's codec. The records stay as they are encoded; only their
// compression changes, so offsets, timestamps, producer fields and headers cannot get lost on the way.
internal import Base
package import Compression

/// Changes the codec of whole batches.
package enum Recompression {
    /// The batch `bytes`, validated before, with its records under `codec`, and a new length and checksum.
    ///
    /// `level` nil is the codec's default. Throws `compression` where the records are larger than
    /// `limitBytes`.
    package static func recompress(
        _ bytes: RawSpan, to codec: CompressionCodec, level: Int? = nil, limitBytes: Int
    ) throws(RecordError) -> [UInt8] {
        let batch = try RecordBatch(reading: bytes)
        return try batch.withRecords(limitBytes: limitBytes) { (records) throws(RecordError) in
            do throws(CompressionError) {
                let compressed = codec == .none ? nil : try codec.compress(records, level: level)
                return assemble(batch.bytes, codec: codec, records: records, compressed: compressed)
            } catch { throw .compression(error) }
        }
    }

    private static func assemble(
        _ batch: RawSpan, codec: CompressionCodec, records: RawSpan, compressed: [UInt8]?
    ) -> [UInt8] {
        var writer = ByteWriter(capacity: BatchLayout.headerSize + (compressed?.count ?? records.byteCount))
        writer.raw(batch.extracting(0..<BatchLayout.headerSize))
        if let compressed { writer.raw(compressed) } else { writer.raw(records) }
        var bytes = writer.bytes
        var attributes = BatchAttributes(rawValue: batch.integer(at: BatchLayout.attributes))
        attributes.dropUnknownBits()
        attributes.hasDeleteHorizon = false
        attributes.codec = codec
        var span = bytes.mutableSpan
        var result = unsafe span.mutableBytes
        result.store(attributes.rawValue, at: BatchLayout.attributes)
        result.store(Int32(result.byteCount - BatchLayout.lengthOverhead), at: BatchLayout.length)
        BatchStamp.checksum(in: &result)
        return bytes
    }
}
