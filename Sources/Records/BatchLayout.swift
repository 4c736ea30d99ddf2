// Where the fields of a record batch (format v2, KIP-98) lie. All integers are big-endian. Base offset,
// length and leader epoch stand outside the checksum, so the broker stamps the first and the last without
// reading the records.

/// Byte offsets of the fields in front of the records of a batch.
package enum BatchLayout {
    /// int64: the offset of the first record.
    package static let baseOffset = 0
    /// int32: how many bytes follow this field.
    package static let length = 8
    /// int32: the epoch of the leader that appended the batch.
    package static let leaderEpoch = 12
    /// int8: the record format, at the same place in all of them.
    package static let magic = 16
    /// uint32: CRC-32C of everything from `attributes` on.
    package static let checksum = 17
    /// int16: see `BatchAttributes`.
    package static let attributes = 21
    /// int32: last offset − base offset; kept when compaction removes the last record.
    package static let lastOffsetDelta = 23
    /// int64: what the records' timestamps count from.
    package static let baseTimestamp = 27
    /// int64: the greatest timestamp of the records, or the time of the append.
    package static let maxTimestamp = 35
    /// int64: -1 without idempotence.
    package static let producerID = 43
    /// int16: -1 without idempotence.
    package static let producerEpoch = 51
    /// int32: the sequence number of the first record, -1 without idempotence.
    package static let baseSequence = 53
    /// int32: how many records follow.
    package static let recordCount = 57
    /// The first byte of the records, and the size of everything in front of them.
    package static let headerSize = 61

    /// The bytes that `length` does not count: base offset and length.
    package static let lengthOverhead = 12
    /// The smallest legal value of `length`: a batch without records.
    package static let minimumLength = headerSize - lengthOverhead
    /// The fields up to the magic byte, which every format has and which tell the size of a batch.
    package static let prefixSize = 17
    /// The magic byte of this format.
    package static let currentMagic: Int8 = 2
}
