// The settings of one log; topic configs end here. They may change while the log is open.
internal import Base

/// What must have happened to bytes before readers see them.
package enum Durability: String, Sendable, CaseIterable {
    /// They are on the disk.
    case disk
    /// The operating system has them (what Apache Kafka promises on one node).
    case os
}

/// Settings of a log.
package struct LogConfig: Equatable, Sendable {
    /// `segment.bytes`: a segment is closed before it would grow beyond.
    package var segmentBytes: Int = 1 << 30
    /// `segment.ms`: a segment is closed when its records span more, or when it is older.
    package var segmentAgeMax: Duration = .milliseconds(604_800_000)
    /// `segment.jitter.ms`: by how much at most a segment is closed earlier, so that not all roll at once.
    package var segmentJitter: Duration = .zero
    /// `index.interval.bytes`: how many bytes lie between two index entries, at least.
    package var indexIntervalBytes = 4096
    /// `segment.index.bytes`: the size of an offset index or time index at which its segment is closed.
    package var indexBytesMax = 10 << 20
    /// `producer.id.expiration.ms`: a producer that wrote nothing for so long is forgotten.
    package var producerExpiry: Duration = .milliseconds(86_400_000)
    /// `cleanup.policy` contains `delete`: closed segments are deleted by age and size.
    package var deletes = true
    /// `cleanup.policy` contains `compact`: only the last record of each key is kept.
    package var compacts = false
    /// `retention.ms`: the age at which a segment is deleted; nil keeps it for ever.
    package var retentionAge: Duration? = .milliseconds(604_800_000)
    /// `retention.bytes`: what is kept of a partition, at least; nil keeps all.
    package var retentionBytes: Int64?
    /// `file.delete.delay.ms`: how long the files of a deleted segment remain, for whoever still reads them.
    package var fileDeleteDelay: Duration = .milliseconds(60_000)
    /// `delete.retention.ms`: how long compaction keeps tombstones and the ends of transactions.
    package var deleteRetention: Duration = .milliseconds(86_400_000)
    /// `min.compaction.lag.ms`: a segment with a younger record is not compacted.
    package var compactionLagMin: Duration = .zero
    /// `max.compaction.lag.ms`: a segment whose first record is older is compacted in any case.
    package var compactionLagMax: Duration = .milliseconds(Int64.max)
    /// `min.cleanable.dirty.ratio`: the share of uncompacted bytes from which a log is compacted.
    package var dirtyRatioMin = 0.5
    /// `apus.durability`.
    package var durability = Durability.disk
    /// The largest piece that an active segment reserves ahead of its end; 0 reserves nothing.
    package var preallocationBytesMax = 16 << 20

    /// Kafka's defaults.
    package init() {}
}

/// Settings that many logs share: those of one topic have the same, and there may be thousands.
package final class SharedLogConfig: Sendable {
    /// The settings.
    package let value: LogConfig
    /// `segment.ms` and its jitter as numbers: each append asks for them, and a Duration takes a division of
    /// 128 bits.
    package let segmentAgeMaxMilliseconds: Int64
    package let segmentJitterMilliseconds: Int64

    /// `value`, to be shared.
    package init(_ value: LogConfig) {
        self.value = value
        segmentAgeMaxMilliseconds = value.segmentAgeMax.wholeMilliseconds
        segmentJitterMilliseconds = value.segmentJitter.wholeMilliseconds
    }
}

/// Limits of storage that are no settings.
package enum StorageLimits {
    /// The largest segment: index entries hold positions as int32.
    package static let segmentBytesMax = Int(Int32.max)
    /// The largest batch that is ever read into memory, whatever its length field says.
    package static let batchBytesMax = 256 << 20
    /// The records of one batch may take so many bytes when they are decompressed for an exact timestamp
    /// lookup.
    package static let decompressedBytesMax = 256 << 20
    /// Producers that one partition remembers; beyond it the one that was silent longest is forgotten.
    package static let producersPerPartition = 100_000
    /// Producers that at the same time ask whether they may begin a transaction in one partition; beyond it
    /// one of them has to ask again.
    package static let verificationsPerPartition = 10_000
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
