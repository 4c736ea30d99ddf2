// What can be wrong with record bytes. The broker translates these into Kafka's error codes: `isCorruption`
// is CORRUPT_MESSAGE, refused timestamps INVALID_TIMESTAMP, everything else INVALID_RECORD.
package import Compression

/// What is wrong with one record.
package enum RecordDefect: String, Error, Sendable {
    case truncated = "the record ends in the middle of a field"
    case overlongVarint = "a varint is longer than its type"
    case length = "the length of the record does not match its fields"
    case key = "the length of the key is beyond the record"
    case value = "the length of the value is beyond the record"
    case headerCount = "the number of headers is negative or more than the record has room for"
    case header = "the length of a header's name is negative, or that of its name or value beyond the record"
    case offset = "the offset does not follow that of the record before"
    case checksum = "the checksum of the message does not match"
    case attributes = "the attributes of the message are not allowed here"
    case format = "the format of the message is not that of the message around it"
    case time = "the time of the message is before 1970"
}

/// What is wrong with a batch whose bytes are intact.
package enum BatchDefect: String, Error, Sendable {
    case recordCount = "the number of records does not match the last offset"
    case empty = "the batch has no records"
    case length = "the length is more than that of any batch"
    case trailingBytes = "bytes follow the last record"
    case moreThanOneBatch = "a produce request may hold only one batch for each partition"
    case control = "clients may not write control records"
    case timestampType = "producers may not set the timestamp type to LogAppendTime"
    case sequence = "a batch of an idempotent producer needs a sequence number"
    case codec = "the compression codec is unknown"
    case null = "a compressed message has no value"
    case wrapperOffset = "the offset of a compressed message is less than that of the last message in it"
}

/// What is wrong with the fields in front of the records.
package enum HeaderDefect: String, Error, Sendable {
    case length = "the length is smaller than the header of a batch"
    case recordCount = "the number of records is negative"
    case lastOffset = "the last offset is before the first, or too large"
}

/// Why a record is refused although its bytes are well-formed.
package enum RejectionReason: Sendable {
    /// A compacted topic keeps the last value of each key, so every record needs one.
    case missingKey
    /// The timestamp is outside `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`.
    case timestamp
}

/// A record that is refused by itself, as Produce v8+ reports it (KIP-467).
package struct RecordFault: Equatable, Sendable {
    /// The position of the record in its batch, from 0.
    package let batchIndex: Int32
    /// A sentence for the producer's log.
    package let message: String

    /// The fault of record `batchIndex`.
    package init(batchIndex: Int32, message: String) {
        self.batchIndex = batchIndex
        self.message = message
    }
}

/// Why record bytes could not be read, or are refused.
package enum RecordError: Error, Equatable, Sendable {
    /// The bytes end before the batch does; `needed` is its whole size, or that of its header.
    case truncated(needed: Int, available: Int)
    /// Not a record format that this function reads.
    case unsupportedMagic(Int8)
    /// The header contradicts itself.
    case corruptHeader(HeaderDefect)
    /// The bytes are not those that were written.
    case checksumMismatch(stored: UInt32, computed: UInt32)
    /// The batch is intact, but not one that is accepted.
    case invalidBatch(BatchDefect)
    /// Record `index` of the batch is malformed.
    case invalidRecord(index: Int, RecordDefect)
    /// Well-formed records that are refused one by one; the first `BatchRules.faultsReported` of them.
    case rejected(RejectionReason, [RecordFault])
    /// The records could not be decompressed or compressed.
    case compression(CompressionError)

    /// Whether the bytes were damaged on their way, rather than written wrongly.
    package var isCorruption: Bool {
        switch self {
        case .truncated, .corruptHeader, .checksumMismatch: true
        case .unsupportedMagic, .invalidBatch, .invalidRecord, .rejected, .compression: false
        }
    }
}
