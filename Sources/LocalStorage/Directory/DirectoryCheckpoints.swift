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
        /// Recovery points and log starts as of the last checkpoint; those of partitions that are not open
        /// stay as they are.
        var recoveryPoints: OffsetCheckpoint
        var logStarts: OffsetCheckpoint
        /// Of partitions that are not open, as the start found them.
        var highWatermarks: OffsetCheckpoint
        /// How far logs were compacted, and those that are left alone.
        var cleanerOffsets: OffsetCheckpoint
        var uncleanable: Set<TopicPartition> = []
        /// Partitions that the files may still name.
        var written: Set<TopicPartition>
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
        let found = [points.checkpoint, starts.checkpoint, watermarks]
        state = Lock(
            State(
                recoveryPoints: points.checkpoint, logStarts: starts.checkpoint, highWatermarks: watermarks,
                cleanerOffsets: compacted, written: Set(found.flatMap(\.offsets.keys)),
                hasRecoveryPoints: !points.isIncomplete))
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

    /// A partition was opened, and its high watermark is the log's own from now on.
    func opened(_ partition: TopicPartition) {
        state.withLock { $0.highWatermarks.offsets[partition] = nil }
    }

    /// Takes a partition out of the next checkpoints.
    func forget(_ partition: TopicPartition) { state.withLock { $0.forget(partition) } }

    /// Forgets earlier partitions of these names, which would mislead the recovery of new ones; whether the
    /// files may still name one.
    func forget(_ partitions: [TopicPartition]) -> Bool {
        state.withLock { state in
            for partition in partitions { state.forget(partition) }
            return partitions.contains(where: state.written.contains)
        }
    }

    /// Finds what holds never: a mark of an open log that only one that is not open can have.
    func checkInvariants(open: [TopicPartition]) throws(InvariantViolation) {
        let watermarks = state.withLock { $0.highWatermarks }
        for partition in open {
            try invariant(
                watermarks.offsets[partition] == nil,
                "\(partition) is open, and has the high watermark that the start found")
        }
    }
}

extension DirectoryCheckpoints.State {
    mutating func forget(_ partition: TopicPartition) {
        recoveryPoints.offsets[partition] = nil
        logStarts.offsets[partition] = nil
        highWatermarks.offsets[partition] = nil
    }
}

extension DirectoryCheckpoints {
    /// What the files are to say.
    struct Draft {
        var files: [(kind: OffsetCheckpoint.Kind, checkpoint: OffsetCheckpoint)]
        /// All partitions that one of them names.
        var named: Set<TopicPartition>
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
                state.written = draft.named
                state.hasRecoveryPoints = true
            }
        }
    }

    private func note(_ logs: [CheckpointMarks]) -> Draft {
        state.withLock { state in
            // What is not open ends where it was durable, as far as that is known.
            var watermarks = state.recoveryPoints
            watermarks.offsets.merge(state.highWatermarks.offsets, uniquingKeysWith: max)
            for log in logs {
                state.recoveryPoints.offsets[log.partition] = log.recoveryPoint
                state.logStarts.offsets[log.partition] = log.logStart
                watermarks.offsets[log.partition] = log.highWatermark
            }
            let named = Set(watermarks.offsets.keys).union(state.logStarts.offsets.keys)
            // If one of them fails, another one may name them; and so may all of them a partition that is
            // deleted and made again meanwhile.
            state.written.formUnion(named)
            return Draft(
                files: [
                    (.recoveryPoint, state.recoveryPoints), (.logStart, state.logStarts),
                    (.highWatermark, watermarks),
                ], named: named, metadata: logs.filter { $0.kind == .metadata }.map(\.partition))
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
