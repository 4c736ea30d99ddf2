// The segment that compaction writes: a file beside the log, with indexes of its own, which becomes a part of
// the log in one step when it is complete and synced.
internal import Base
internal import Records
internal import Storage

/// A segment under construction, in files that end in `.cleaned`.
struct CompactedSegment {
    /// What the names of the files end in while they are written, and once they are complete; as in Kafka.
    static let draftEnding = ".cleaned"
    static let swapEnding = ".swap"
    private static let bufferBytes = 1 << 20

    private(set) var state: SegmentState
    private let file: any DiskFile
    private let intervalBytes: Int
    private var buffer: [UInt8] = []
    private var writtenBytes: Int64 = 0
    private let disk: any Disk

    /// A segment in place of the one at `base`.
    init(base: Offset, in store: SegmentStore, _ config: LogConfig) throws(StorageError) {
        disk = store.services.disk
        let segment = Segment(base: base, directory: store.directory, disk: disk)
        state = SegmentState(segment, openedAt: store.services.clock.wallTime())
        intervalBytes = config.indexIntervalBytes
        file = try disk.open(segment.path(".log") + Self.draftEnding, .any)
        // An earlier attempt may have left something behind.
        try file.truncate(to: 0)
    }

    /// Appends a batch; how many bytes went to the disk on its account.
    mutating func append(_ batch: RawSpan, _ header: BatchHeader) throws(StorageError) -> Int {
        guard state.sizeBytes + Int64(batch.byteCount) <= Int64(StorageLimits.segmentBytesMax) else {
            throw .batchTooLarge(bytes: batch.byteCount, limit: StorageLimits.segmentBytesMax)
        }
        state.note(header, intervalBytes: intervalBytes)
        unsafe batch.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        guard buffer.count >= Self.bufferBytes else { return 0 }
        return try writeBuffer()
    }

    private mutating func writeBuffer() throws(StorageError) -> Int {
        try file.write(buffer.rawSpan, at: writtenBytes)
        defer { buffer.removeAll(keepingCapacity: true) }
        writtenBytes += Int64(buffer.count)
        return buffer.count
    }

    /// Completes and syncs all files.
    mutating func finish() throws(StorageError) -> Int {
        let bytes = try writeBuffer()
        state.noteTime()
        try file.sync()
        try write(\.index)
        try write(\.times)
        return bytes
    }

    private mutating func write(_ index: WritableKeyPath<SegmentState, SparseIndex>) throws(StorageError) {
        let kind = state[keyPath: index].kind
        let entries = state[keyPath: index].unwritten(below: .max)
        var writer = ByteWriter(capacity: entries.count * kind.entryBytes)
        for entry in entries { entry.write(into: &writer, kind) }
        let draft = try disk.open(state.segment.path(kind.suffix) + Self.draftEnding, .any)
        try draft.truncate(to: 0)
        try draft.write(writer.bytes.rawSpan, at: 0)
        try draft.sync()
        state[keyPath: index] = SparseIndex(
            kind, stored: entries.count, last: state[keyPath: index].last)
    }

    /// Removes the files; for whoever gives up.
    func discard() {
        for suffix in Segment.suffixes {
            for ending in [Self.draftEnding, Self.swapEnding] {
                try? disk.removeIfPresent(state.segment.path(suffix) + ending)
            }
        }
    }
}
