// The checkpoints of a directory. Each only spares work or can be had from the logs, so one that is
// missing or damaged is reported and rebuilt, where Kafka refuses to start.
internal import Base
internal import Records
package import Storage

extension LogDirectory {
    /// Writes recovery points, high watermarks and log starts.
    ///
    /// Called every minute while something is written, as Kafka does, and also whenever a segment was closed,
    /// so that a start after a crash scans little more than the active segments; who moves a log start calls
    /// it himself.
    package func writeCheckpoints() throws(StorageError) {
        try checkpointing.withLock { _ throws(StorageError) in try writeCheckpointsAlone() }
    }

    private func writeCheckpointsAlone() throws(StorageError) {
        let (recoveryPoints, logStarts, watermarks) = state.withLock { state in
            // What is not open ends where it was durable, as far as that is known.
            var watermarks = state.recoveryPoints
            watermarks.offsets.merge(state.highWatermarks.offsets, uniquingKeysWith: max)
            for (partition, open) in state.logs {
                let bounds = open.log.bounds
                let kept = open.store.kept
                state.recoveryPoints.offsets[partition] = kept.recoveryPoint
                state.logStarts.offsets[partition] = bounds.logStart > kept.oldest ? bounds.logStart : nil
                watermarks.offsets[partition] = bounds.highWatermark
            }
            // If one of them fails, another one may name them; and so may all of them a partition that is
            // deleted and made again meanwhile.
            state.written.formUnion(watermarks.offsets.keys)
            state.written.formUnion(state.logStarts.offsets.keys)
            return (state.recoveryPoints, state.logStarts, watermarks)
        }
        let named = Set(watermarks.offsets.keys).union(logStarts.offsets.keys)
        for (kind, checkpoint) in [
            (OffsetCheckpoint.Kind.recoveryPoint, recoveryPoints), (.logStart, logStarts),
            (.highWatermark, watermarks),
        ] {
            try write(checkpoint, as: kind)
        }
        try services.disk.syncDirectory(path)
        state.withLock { state in
            state.written = named
            state.hasRecoveryPoints = true
        }
    }

    /// On a full disk a checkpoint that says the same already is good enough.
    private func write(_ checkpoint: OffsetCheckpoint, as kind: OffsetCheckpoint.Kind) throws(StorageError) {
        let file = path + "/" + kind.rawValue
        do throws(StorageError) {
            try services.disk.replace(file, with: checkpoint.bytes, isDurable: false)
        } catch {
            guard error.isLackOfSpace, let bytes = try services.disk.contents(file),
                var found = try? OffsetCheckpoint(reading: bytes, path: file)
            else { throw error }
            var wanted = checkpoint
            // Kafka leaves the metadata log out.
            for log in openLogs where log.kind == .metadata {
                found.offsets[log.partition] = nil
                wanted.offsets[log.partition] = nil
            }
            if found != wanted { throw error }
        }
    }

    /// A checkpoint as it was found.
    struct FoundCheckpoint: Sendable {
        var checkpoint = OffsetCheckpoint()
        /// Whether the file is not there, or some of its lines cannot be read.
        var isIncomplete = false
    }

    /// The checkpoint of `kind`.
    ///
    /// Of a damaged one the lines that make sense are kept if they are log starts, and of the cleaner's the
    /// partitions, which are compacted from their beginning again; recovery points that may be wrong would
    /// pass damage for a clean log.
    static func checkpoint(
        _ kind: OffsetCheckpoint.Kind, _ path: String, _ disk: any Disk, _ logger: Logger
    ) throws(StorageError) -> FoundCheckpoint {
        let file = path + "/" + kind.rawValue
        guard let bytes = try disk.contents(file) else { return FoundCheckpoint(isIncomplete: true) }
        do throws(StorageError) {
            return FoundCheckpoint(checkpoint: try OffsetCheckpoint(reading: bytes, path: file))
        } catch {
            logger.log(.warning, "checkpoint.damaged", ["file": file, "reason": error.description])
            let mayMislead = kind == .recoveryPoint || kind == .highWatermark
            var kept = mayMislead ? OffsetCheckpoint() : OffsetCheckpoint(salvaging: bytes)
            if kind == .cleaner { kept.offsets = kept.offsets.mapValues { _ in .zero } }
            return FoundCheckpoint(checkpoint: kept, isIncomplete: true)
        }
    }

    /// Where the log in `directory` starts, when the checkpoint of log starts cannot tell: the file of leader
    /// epochs is cut at the same offset.
    ///
    /// Nil unless the first batch is of the epoch that begins behind it.
    static func logStart(fromEpochsOf directory: String, _ disk: any Disk) throws(StorageError) -> Offset? {
        let path = directory + "/" + LeaderEpochs.fileName
        guard let bytes = try disk.contents(path),
            let first = (try? LeaderEpochs(reading: bytes, path: path))?.entries.first, first.start > .zero
        else { return nil }
        let bases = try disk.list(directory).compactMap { Segment.offset(in: $0.name, suffix: ".log") }
        guard let base = bases.min(), base < first.start else { return nil }
        let log = try disk.open(Segment(base: base, directory: directory, disk: disk).path(".log"), .readOnly)
        let head = try log.bytes(BatchLayout.headerSize, at: 0)
        guard let header = try? BatchHeader(reading: head.rawSpan), header.leaderEpoch == first.epoch else {
            return nil
        }
        return first.start
    }
}

extension OffsetCheckpoint {
    /// The lines of a damaged file that name a partition and an offset.
    init(salvaging bytes: [UInt8]) {
        offsets = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count == 3, let partition = Int32(fields[1]), let offset = Int64(fields[2]),
                partition >= 0, offset >= 0
            else { continue }
            let name = TopicPartition(topic: Name(fields[0]), partition: PartitionIndex(partition))
            offsets[name] = Offset(offset)
        }
    }
}
