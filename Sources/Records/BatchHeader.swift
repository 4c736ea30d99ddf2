// The header of a record batch as a value. Reading it needs only the first 61 bytes, which is how logs are
// scanned: what it promises is consistent in itself, but says nothing about the bytes behind it until the
// checksum was compared.
package import Base

/// The fields in front of the records of a batch (format v2).
package struct BatchHeader: Hashable, Sendable, BitwiseCopyable {
    package var baseOffset: Offset
    /// As on the wire: the bytes that follow the length field.
    ///
    /// At least `BatchLayout.minimumLength`.
    package var length: Int32
    package var leaderEpoch: LeaderEpoch
    /// CRC-32C as stored; `RecordBatch.verifyChecksum` compares it.
    package var checksum: UInt32
    package var attributes: BatchAttributes
    package var lastOffsetDelta: Int32
    package var baseTimestamp: Timestamp
    package var maxTimestamp: Timestamp
    package var producerID: ProducerID
    package var producerEpoch: Int16
    package var baseSequence: Int32
    package var recordCount: Int32

    /// The header at the beginning of `bytes`, of which only `BatchLayout.headerSize` need to be there.
    ///
    /// Throws `truncated`, `unsupportedMagic` and `corruptHeader`. When it returns, sizes and offsets can be
    /// added without overflow.
    package init(reading bytes: RawSpan) throws(RecordError) {
        guard bytes.byteCount >= BatchLayout.headerSize else {
            if bytes.byteCount >= BatchLayout.prefixSize {
                let magic = bytes.integer(at: BatchLayout.magic, as: Int8.self)
                guard magic == BatchLayout.currentMagic else { throw .unsupportedMagic(magic) }
            }
            throw .truncated(needed: BatchLayout.headerSize, available: bytes.byteCount)
        }
        let magic = bytes.integer(at: BatchLayout.magic, as: Int8.self)
        guard magic == BatchLayout.currentMagic else { throw .unsupportedMagic(magic) }
        baseOffset = Offset(bytes.integer(at: BatchLayout.baseOffset))
        length = bytes.integer(at: BatchLayout.length)
        leaderEpoch = LeaderEpoch(bytes.integer(at: BatchLayout.leaderEpoch))
        checksum = bytes.integer(at: BatchLayout.checksum)
        attributes = BatchAttributes(rawValue: bytes.integer(at: BatchLayout.attributes))
        lastOffsetDelta = bytes.integer(at: BatchLayout.lastOffsetDelta)
        baseTimestamp = Timestamp(milliseconds: bytes.integer(at: BatchLayout.baseTimestamp))
        maxTimestamp = Timestamp(milliseconds: bytes.integer(at: BatchLayout.maxTimestamp))
        producerID = ProducerID(bytes.integer(at: BatchLayout.producerID))
        producerEpoch = bytes.integer(at: BatchLayout.producerEpoch)
        baseSequence = bytes.integer(at: BatchLayout.baseSequence)
        recordCount = bytes.integer(at: BatchLayout.recordCount)
        guard length >= BatchLayout.minimumLength else { throw .corruptHeader(.length) }
        guard recordCount >= 0 else { throw .corruptHeader(.recordCount) }
        guard lastOffsetDelta >= 0, baseOffset.value < Int64.max - Int64(lastOffsetDelta) else {
            throw .corruptHeader(.lastOffset)
        }
    }

    /// The size of the whole batch, header included.
    @inlinable package var sizeInBytes: Int { Int(length) + BatchLayout.lengthOverhead }
    /// The offset of the last record.
    @inlinable package var lastOffset: Offset { baseOffset.advanced(by: Int64(lastOffsetDelta)) }
    /// The offset that follows the batch.
    @inlinable package var nextOffset: Offset { baseOffset.advanced(by: Int64(lastOffsetDelta) + 1) }
    /// Whether an idempotent producer wrote the batch.
    @inlinable package var hasProducerID: Bool { producerID.value >= 0 }
    /// The sequence number of the last record; sequences wrap from 2^31 − 1 to 0.
    package var lastSequence: Int32 {
        guard baseSequence >= 0 else { return baseSequence }
        return Int32((Int64(baseSequence) + Int64(lastOffsetDelta)) & Int64(Int32.max))
    }

    /// The timestamp of a record whose delta is `delta`; wraps as Kafka's arithmetic does.
    @inlinable package func timestamp(delta: Int64) -> Timestamp {
        attributes.timestampType == .logAppendTime
            ? maxTimestamp : Timestamp(milliseconds: baseTimestamp.milliseconds &+ delta)
    }

    /// The size of the batch that begins with `prefix` (`BatchLayout.prefixSize` bytes or more), whatever its
    /// format.
    ///
    /// Throws `truncated`, and `corruptHeader` for a length that no format allows.
    package static func size(ofBatchBeginning prefix: RawSpan) throws(RecordError) -> (
        bytes: Int, magic: Int8
    ) {
        guard prefix.byteCount >= BatchLayout.prefixSize else {
            throw .truncated(needed: BatchLayout.prefixSize, available: prefix.byteCount)
        }
        let length = prefix.integer(at: BatchLayout.length, as: Int32.self)
        let magic = prefix.integer(at: BatchLayout.magic, as: Int8.self)
        let minimum =
            magic == BatchLayout.currentMagic ? BatchLayout.minimumLength : LegacyLayout.minimumLength
        guard length >= minimum else { throw .corruptHeader(.length) }
        return (Int(length) + BatchLayout.lengthOverhead, magic)
    }
}

extension RawSpan {
    /// The big-endian integer at `position`; the span's own bounds check traps, so callers compare sizes
    /// first.
    @inlinable @inline(__always)
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at position: Int, as type: Value.Type = Value.self
    ) -> Value {
        // Every bit pattern is an integer, and the bounds are checked.
        unsafe Value(bigEndian: unsafeLoadUnaligned(fromByteOffset: position, as: Value.self))
    }
}
