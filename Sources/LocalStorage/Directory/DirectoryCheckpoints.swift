// The checkpoints of a directory. Each only spares work or can be had from the logs, so one that is
// missing or damaged is reported and rebuilt, where Kafka refuses to start.
internal import Base
internal import Storage

/// What checkpoints say of an open log.
struct CheckpointMarks: Sendable {
    let partition: TopicPartition
    let kind: LogKind
    let recoveryPoint: Offset
    /// Nil where the log starts with its first segment.
    let logStart: Offset?
    let highWatermark: Offset
}

/// How far the logs of a directory reached, as its files say.
///
/// `writing` is taken before any other lock, and held while files are written; `state` is the last one, and
/// nothing is asked of anybody under it.
final class DirectoryCheckpoints: Sendable {
    struct State: Sendable {
        /// Of partitions that are not open; the marks of the others are their logs'.
        var recoveryPoints: OffsetCheckpoint
        var logStarts: OffsetCheckpoint
        var highWatermarks: OffsetCheckpoint
        /// How far logs were compacted, and those that are left alone.
        var cleanerOffsets: OffsetCheckpoint
        var uncleanable: Set<TopicPartition> = []
        /// Partitions that are neither open nor known here any more, and that the files may still name.
        var forgotten: Set<TopicPartition> = []
        /// The same, once the files that leave them out are being written.
        var leftOut: Set<TopicPartition> = []
        /// Whether the checkpoint of recovery points is there and whole: what it does not name has none.
        var hasRecoveryPoints: Bool
    }

    /// What was known of a partition before it is opened.
    struct Known: Sendable {
        let checkpointed: CheckpointedEnds
        let logStart: Offset?
        let compactedTo: Offset?
    }

    let path: String
    let disk: any Disk
    /// Whether the checkpoint of log starts is missing or damaged.
    let asksEpochsForStarts: Bool
    let state: Lock<State>
    let writing = Lock(())

    /// Reads the checkpoints of the directory at `path`, which `isNew` if it cannot have any.
    init(of path: String, isNew: Bool, _ disk: any Disk, _ logger: Logger) throws(StorageError) {
        self.path = path
        self.disk = disk
        let points = try Self.read(.recoveryPoint, in: path, disk, logger)
        let starts = try Self.read(.logStart, in: path, disk, logger)
        let compacted = try Self.read(.cleaner, in: path, disk, logger).checkpoint
        let watermarks = try Self.read(.highWatermark, in: path, disk, logger).checkpoint
        state = Lock(
            State(
                recoveryPoints: points.checkpoint, logStarts: starts.checkpoint, highWatermarks: watermarks,
                cleanerOffsets: compacted, hasRecoveryPoints: !points.isIncomplete))
        asksEpochsForStarts = starts.isIncomplete && !isNew
    }

    /// What is known of a partition that is not open.
    func known(of partition: TopicPartition) -> Known {
        state.withLock { state in
            Known(
                checkpointed: CheckpointedEnds(
                    recoveryPoint: state.recoveryPoints.offsets[partition],
                    highWatermark: state.highWatermarks.offsets[partition]),
                logStart: state.logStarts.offsets[partition],
                compactedTo: state.cleanerOffsets.offsets[partition])
        }
    }

    /// Whether partitions without a recovery point have none for certain.
    var hasRecoveryPoints: Bool { state.withLock { $0.hasRecoveryPoints } }

    /// A log that is not open yet is to start at `offset`, if it does not reach it.
    func begin(_ partition: TopicPartition, at offset: Offset) {
        state.withLock { $0.logStarts.offsets[partition] = offset }
    }

    /// A partition that is not open lies here now, and has come as far as `marks` say.
    func adopt(_ marks: CheckpointMarks) {
        state.withLock { state in
            state.recoveryPoints.offsets[marks.partition] = marks.recoveryPoint
            state.logStarts.offsets[marks.partition] = marks.logStart
            state.highWatermarks.offsets[marks.partition] = marks.highWatermark
        }
    }

    /// A partition was opened, and what checkpoints say of it is the log's own from now on.
    func opened(_ partition: TopicPartition) { state.withLock { _ = $0.drop(partition) } }

    /// Takes a partition out of the next checkpoints, whether it was open or not.
    func forget(_ partition: TopicPartition) {
        state.withLock { state in
            _ = state.drop(partition)
            state.forgotten.insert(partition)
        }
    }

    /// Forgets earlier partitions of these names, none of which is open: they would mislead the recovery of
    /// new ones; whether the files may still name one.
    func forget(_ partitions: [TopicPartition]) -> Bool {
        state.withLock { state in
            for partition in partitions where state.drop(partition) { state.forgotten.insert(partition) }
            return partitions.contains { state.forgotten.contains($0) || state.leftOut.contains($0) }
        }
    }

    /// Finds what holds never: a mark of an open log that only one that is not open can have.
    func checkInvariants(open: [TopicPartition]) throws(InvariantViolation) {
        let known = state.withLock { [$0.recoveryPoints, $0.logStarts, $0.highWatermarks] }
        for partition in open {
            try invariant(
                known.allSatisfy { $0.offsets[partition] == nil },
                "\(partition) is open, and has the marks of one that is not")
        }
    }
}

extension DirectoryCheckpoints.State {
    /// Knows a partition no more; false if it did not before.
    mutating func drop(_ partition: TopicPartition) -> Bool {
        let hadPoint = recoveryPoints.drop(partition)
        let hadStart = logStarts.drop(partition)
        return highWatermarks.drop(partition) || hadStart || hadPoint
    }
}

extension OffsetCheckpoint {
    fileprivate mutating func drop(_ partition: TopicPartition) -> Bool {
        let isKnown = offsets.removeValue(forKey: partition) != nil
        // Once all of many thousand partitions are open, the room for them is given back.
        if isKnown, offsets.isEmpty { offsets = [:] }
        return isKnown
    }
}

extension DirectoryCheckpoints {
    /// What the files are to say.
    struct Draft {
        var files: [(kind: OffsetCheckpoint.Kind, checkpoint: OffsetCheckpoint)]
        /// Those that Kafka leaves out.
        var metadata: [TopicPartition]
    }

    /// Writes recovery points, high watermarks and log starts.
    ///
    /// `gather` calls its argument with the marks of all open logs, while none is opened or deleted, and
    /// returns what that returns.
    func write(_ gather: (_ note: ([CheckpointMarks]) -> Draft) -> Draft) throws(StorageError) {
        try writing.withLock { _ throws(StorageError) in
            let draft = gather(note)
            for (kind, checkpoint) in draft.files {
                try write(checkpoint, as: kind, besides: draft.metadata)
            }
            try disk.syncDirectory(path)
            state.withLock { state in
                state.leftOut = []
                state.hasRecoveryPoints = true
            }
        }
    }

    private func note(_ logs: [CheckpointMarks]) -> Draft {
        state.withLock { state in
            var (points, starts) = (state.recoveryPoints, state.logStarts)
            // What is not open ends where it was durable, as far as that is known.
            var watermarks = points
            watermarks.offsets.merge(state.highWatermarks.offsets, uniquingKeysWith: max)
            points.offsets.reserveCapacity(points.offsets.count + logs.count)
            watermarks.offsets.reserveCapacity(watermarks.offsets.count + logs.count)
            for log in logs {
                points.offsets[log.partition] = log.recoveryPoint
                starts.offsets[log.partition] = log.logStart
                watermarks.offsets[log.partition] = log.highWatermark
            }
            // Until all of them are written; one that is forgotten meanwhile is named by these files too.
            state.leftOut.formUnion(state.forgotten)
            state.forgotten = []
            return Draft(
                files: [(.recoveryPoint, points), (.logStart, starts), (.highWatermark, watermarks)],
                metadata: logs.filter { $0.kind == .metadata }.map(\.partition))
        }
    }

    /// On a full disk a checkpoint that says the same already is good enough.
    private func write(
        _ checkpoint: OffsetCheckpoint, as kind: OffsetCheckpoint.Kind, besides metadata: [TopicPartition]
    ) throws(StorageError) {
        let file = path + "/" + kind.rawValue
        do throws(StorageError) {
            try disk.replace(file, with: checkpoint.bytes, isDurable: false)
        } catch {
            guard error.isLackOfSpace, let bytes = try disk.contents(file),
                var found = try? OffsetCheckpoint(reading: bytes, path: file)
            else { throw error }
            var wanted = checkpoint
            for partition in metadata {
                found.offsets[partition] = nil
                wanted.offsets[partition] = nil
            }
            if found != wanted { throw error }
        }
    }
}
