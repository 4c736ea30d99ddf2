// What a producer of Kafka 0.8 to 0.10 sends (Produce v0–2) becomes one batch of format v2: the log holds
// nothing else.
package import Base
package import Compression

/// A message set after its conversion.
package struct ConvertedBatch: Sendable {
    /// One whole batch of format v2 at base offset 0.
    package let bytes: [UInt8]
    package let summary: BatchSummary
}

extension BatchValidator {
    /// Converts the message set `set` to one batch of format v2 and validates it against the rules.
    ///
    /// `codec` nil keeps the codec of the first compressed message. Offsets of the set are not looked at: the
    /// broker assigns its own. `limitBytes` bounds the decompressed records where the rules allow more; it
    /// counts for all compressed messages of the set together.
    package func convert(
        legacy set: RawSpan, codec: CompressionCodec? = nil, level: Int? = nil, now: Timestamp,
        limitBytes: Int = .max
    ) throws(RecordError) -> ConvertedBatch {
        let limitBytes = min(limitBytes, rules.decompressedBytesMax)
        var builder = BatchBuilder()
        var found = CompressionCodec.none
        try LegacyMessages.forEachRecord(in: set, limitBytes: limitBytes) {
            (message, bytes) throws(RecordError) in
            guard message.timestampType == .createTime else {
                throw .rejected(
                    .timestamp,
                    [
                        RecordFault(
                            batchIndex: builder.recordCount, message: BatchDefect.timestampType.rawValue)
                    ])
            }
            if found == .none { found = message.codec }
            builder.append(message.view, in: bytes)
        }
        let plain: [UInt8]
        do throws(CompressionError) { plain = try builder.finish() } catch { throw .compression(error) }
        let summary = try unsafe validate(plain.span.bytes, now: now)
        let target = codec ?? found
        guard target != .none else { return ConvertedBatch(bytes: plain, summary: summary) }
        let compressed = try unsafe Recompression.recompress(
            plain.span.bytes, to: target, level: level, limitBytes: rules.decompressedBytesMax)
        return ConvertedBatch(
            bytes: compressed,
            summary: BatchSummary(
                header: try unsafe BatchHeader(reading: compressed.span.bytes), codec: target,
                recordsBytes: summary.recordsBytes, maxTimestamp: summary.maxTimestamp,
                offsetDeltaOfMaxTimestamp: summary.offsetDeltaOfMaxTimestamp, hasOddFraming: false))
    }
}
