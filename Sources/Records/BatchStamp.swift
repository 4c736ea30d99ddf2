// Overwrites header fields in place: what a leader does to a validated batch before it appends it.
package import Base

/// Changes the header of a whole, validated batch where it lies.
///
/// Every function expects the bytes of exactly one batch of format v2, and traps on fewer than a header.
package enum BatchStamp {
    /// Sets base offset and leader epoch, which the checksum does not cover.
    package static func assign(
        baseOffset: Offset, leaderEpoch: LeaderEpoch, in batch: inout MutableRawSpan
    ) {
        batch.store(baseOffset.value, at: BatchLayout.baseOffset)
        batch.store(leaderEpoch.value, at: BatchLayout.leaderEpoch)
    }

    /// Makes `time` the timestamp of all records (`message.timestamp.type=LogAppendTime`) and renews the
    /// checksum.
    package static func appendTime(_ time: Timestamp, in batch: inout MutableRawSpan) {
        var attributes = BatchAttributes(rawValue: batch.bytes.integer(at: BatchLayout.attributes))
        attributes.dropUnknownBits()
        attributes.timestampType = .logAppendTime
        batch.store(attributes.rawValue, at: BatchLayout.attributes)
        maxTimestamp(time, in: &batch)
    }

    /// Leaves the records the times that their producer gave them, of which `time` is the greatest, whatever
    /// the header says of both, and renews the checksum.
    package static func createTime(max time: Timestamp, in batch: inout MutableRawSpan) {
        var attributes = BatchAttributes(rawValue: batch.bytes.integer(at: BatchLayout.attributes))
        attributes.dropUnknownBits()
        attributes.timestampType = .createTime
        batch.store(attributes.rawValue, at: BatchLayout.attributes)
        maxTimestamp(time, in: &batch)
    }

    private static func maxTimestamp(_ time: Timestamp, in batch: inout MutableRawSpan) {
        batch.store(time.milliseconds, at: BatchLayout.maxTimestamp)
        checksum(in: &batch)
    }

    /// Renews the checksum, which covers everything from the attributes on.
    package static func checksum(in batch: inout MutableRawSpan) {
        let checksum = CRC32C.checksum(batch.bytes.extracting(BatchLayout.attributes...))
        batch.store(checksum, at: BatchLayout.checksum)
    }
}

extension MutableRawSpan {
    /// Stores `value` big-endian at `position`; the span's own bounds check traps.
    @_lifetime(self: copy self)
    mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at position: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: position, as: Value.self)
    }
}
