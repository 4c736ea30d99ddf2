// The checkpoints as a start finds them.
internal import Base
internal import Records
internal import Storage

extension DirectoryCheckpoints {
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
    static func read(
        _ kind: OffsetCheckpoint.Kind, in path: String, _ disk: any Disk, _ logger: Logger
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
    func logStart(fromEpochsOf directory: String) throws(StorageError) -> Offset? {
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
