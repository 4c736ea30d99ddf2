// When the metadata log gets a snapshot, and what of the log and of older snapshots is deleted then: Kafka's
// rules (KIP-630), so that either broker finds what it expects.
internal import Base
internal import Records
internal import Storage

/// When snapshots are written, and how long they and the log stay.
struct MetadataSnapshotLimits: Sendable {
    /// `metadata.log.max.record.bytes.between.snapshots`.
    var bytesBetween: Int64 = 20 << 20
    /// `metadata.log.max.snapshot.interval.ms`; 0 for never because of time.
    var intervalMilliseconds: Int64 = 3_600_000
    /// `metadata.max.retention.bytes`, of log and snapshots together; negative for no limit.
    var retentionBytes: Int64 = 100 << 20
    /// `metadata.max.retention.ms`; negative for no limit.
    var retentionMilliseconds: Int64 = 604_800_000
}

/// Writes snapshots of the metadata log.
///
/// One thread uses it; appends to the log go on meanwhile.
final class MetadataSnapshotKeeper: Sendable {
    private struct State {
        /// Where the newest snapshot ends, which name it has, and when it was written.
        var end = Offset.zero
        var name: String?
        var written: Timestamp
        /// What the log had taken by then.
        var bytes: Int64 = 0
    }
    private let metadata: MetadataLog
    private let directory: any StoragePlace
    private let limits: MetadataSnapshotLimits
    private let clock: any BrokerClock
    private let logger: Logger
    private let state: Lock<State>
    /// After a failure it is tried again.
    private static let retryInterval = Duration.seconds(60)

    /// Looks for the newest snapshot in `directory`, where `metadata` lies.
    init(
        _ metadata: MetadataLog, in directory: any StoragePlace, _ limits: MetadataSnapshotLimits,
        clock: any BrokerClock, logger: Logger
    ) {
        self.metadata = metadata
        self.directory = directory
        self.limits = limits
        self.clock = clock
        self.logger = logger
        var newest = State(written: clock.wallTime())
        if let found = metadata.startingSnapshot {
            newest.end = found.end
            newest.name = MetadataSnapshot.name(end: found.end, epoch: found.epoch)
        }
        state = Lock(newest)
    }

    /// How soon a snapshot may be due after something was written.
    var interval: Duration {
        .milliseconds(limits.intervalMilliseconds > 0 ? limits.intervalMilliseconds : .max)
    }

    /// Writes a snapshot if one is due, and deletes what need not stay; when to look again, nil if nothing
    /// was written since.
    func run() -> Duration? {
        let last = state.withLock { ($0.written, $0.bytes) }
        let (now, bytes) = (clock.wallTime(), metadata.bytesBehindSnapshot)
        guard bytes > last.1 else { return nil }
        let age = now.milliseconds - last.0.milliseconds
        let isOld = limits.intervalMilliseconds > 0 && age >= limits.intervalMilliseconds
        guard isOld || bytes - last.1 >= limits.bytesBetween else {
            guard limits.intervalMilliseconds > 0 else { return nil }
            return .milliseconds(limits.intervalMilliseconds - max(0, age))
        }
        do {
            guard try write(at: now, bytes) else { return Self.retryInterval }
            try deleteOld(at: now)
            return nil
        } catch {
            logger.log(.warning, "metadata_snapshot.failed", ["reason": "\(error)"])
            return Self.retryInterval
        }
    }

    /// Writes a snapshot of all that is durable; false if a metadata transaction is under way.
    private func write(at now: Timestamp, _ bytes: Int64) throws -> Bool {
        let (start, name) = state.withLock { ($0.end, $0.name) }
        let end = metadata.durableEnd
        var contents = MetadataContents()
        if let name {
            guard
                let old = try directory.contents(
                    of: name, in: MetadataLog.partition, limit: MetadataSnapshot.bytesMax)
            else { throw MetadataError(description: "the snapshot \(name) is gone") }
            var cursor = unsafe BatchCursor(old.span.bytes)
            while let batch = try cursor.next() { try contents.apply(batch) }
        }
        try metadata.walk(from: start, to: end) { try contents.apply($0) }
        guard !contents.isInTransaction else { return false }
        let epoch = contents.epoch
        let newName = MetadataSnapshot.name(end: end, epoch: epoch)
        let file = try MetadataSnapshot.bytes(contents, at: now)
        try directory.replace(newName, in: MetadataLog.partition, with: file)
        state.withLock { state in
            state.end = end
            state.name = newName
            state.written = now
            state.bytes = bytes
        }
        logger.logLimited(
            .info, "metadata_snapshot.written",
            ["end": "\(end.value)", "epoch": "\(epoch.value)", "bytes": "\(file.count)"])
        return true
    }

    /// Deletes the oldest snapshots while there is too much, or they are too old; never the newest.
    ///
    /// The log begins where the oldest that is left ends, or in the segment before.
    private func deleteOld(at now: Timestamp) throws {
        let files = try directory.files(of: MetadataLog.partition)
        var snapshots = files.compactMap { file in
            MetadataSnapshot.place(file.name).map { (end: $0.end, file: file) }
        }
        snapshots.sort { $0.end < $1.end }
        var total = files.reduce(0) { $0 + $1.sizeBytes }
        var start: Offset?
        while snapshots.count > 1, isTooMuch(total, snapshots[0].file.modified, at: now) {
            try directory.remove(snapshots[0].file.name, of: MetadataLog.partition)
            total -= snapshots.removeFirst().file.sizeBytes
            start = snapshots[0].end
        }
        if let start { try metadata.deleteSegments(before: start, at: now) }
    }

    private func isTooMuch(_ bytes: Int64, _ written: Timestamp?, at now: Timestamp) -> Bool {
        if limits.retentionBytes >= 0, bytes > limits.retentionBytes { return true }
        guard limits.retentionMilliseconds >= 0, let written else { return false }
        return now.milliseconds - written.milliseconds > limits.retentionMilliseconds
    }
}
