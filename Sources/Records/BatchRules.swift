// What a topic demands of the batches that producers send, and what the validator found out about one that it
// accepted.
package import Base
package import Compression

/// What a topic demands of a batch.
package struct BatchRules: Sendable {
    /// Whether every record needs a key, as on compacted topics.
    package var requiresKeys = false
    /// `message.timestamp.type`: with `logAppendTime` the producer's times are not looked at.
    package var timestampType = TimestampType.createTime
    /// `message.timestamp.before.max.ms`: how old a record may be.
    package var timestampBeforeMaxMilliseconds = Int64.max
    /// `message.timestamp.after.max.ms`: how far in the future a record may be.
    package var timestampAfterMaxMilliseconds = Int64.max
    /// Whether control batches are accepted: from the broker itself, never from clients.
    package var acceptsControl = false
    /// How large the records of a compressed batch may be.
    package var decompressedBytesMax = Self.decompressedBytesMaxDefault

    /// No demand beyond well-formed batches.
    package init() {}

    /// What the records of one batch may grow to unless another limit is given: 256 MiB.
    package static let decompressedBytesMaxDefault = 256 << 20
    /// How many refused records of a batch are reported one by one.
    package static let faultsReported = 100
}

/// What is known about a batch that was accepted.
package struct BatchSummary: Hashable, Sendable {
    package let header: BatchHeader
    package let codec: CompressionCodec
    /// The size of the records without compression, header not included.
    package let recordsBytes: Int
    /// The greatest timestamp of the records themselves, whatever the header says; `Timestamp.none` if no
    /// record has one.
    package let maxTimestamp: Timestamp
    /// The first record with that timestamp, counted from the base offset.
    package let offsetDeltaOfMaxTimestamp: Int32
    /// Whether only some clients could decompress the records as they are.
    package let hasOddFraming: Bool

    /// How many records there are.
    package var recordCount: Int32 { header.recordCount }
    /// Whether the producer says that the times are the broker's, which `BatchStamp.createTime` takes back.
    package var claimsAppendTime: Bool { header.attributes.timestampType == .logAppendTime }
    /// Whether the header states a wrong maximum, which `BatchStamp.createTime` sets right.
    package var needsMaxTimestamp: Bool { header.maxTimestamp != maxTimestamp }
}
