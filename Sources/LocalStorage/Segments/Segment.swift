// One segment of a log: the files that begin with its base offset. The files of a closed segment are opened
// by its first reader.
internal import Base
internal import Records
internal import Storage
internal import Synchronization

/// The files of a segment.
final class Segment: Sendable {
    /// Which of the files.
    private enum Slot: Int, CaseIterable {
        case log, index, times

        init(_ kind: IndexKind) { self = kind == .offset ? .index : .times }
    }

    private struct Files: Sendable {
        /// By `Slot`; empty where none is open, as in most of many thousand partitions.
        var open: [(any DiskFile)?] = []
        /// What the names of the files end in since the segment was taken out of its log.
        var retiredSuffix = ""

        subscript(slot: Slot) -> (any DiskFile)? {
            get { open.isEmpty ? nil : open[slot.rawValue] }
            set {
                if open.isEmpty { open = Array(repeating: nil, count: Slot.allCases.count) }
                open[slot.rawValue] = newValue
            }
        }
    }

    let base: Offset
    let directory: String
    let disk: any Disk
    private let files: Lock<Files>
    /// Where the last search in each index file ended.
    private let indexHint = Atomic(0)
    private let timesHint = Atomic(0)

    /// The segment at `base`; `log` is its file if it is open already.
    init(base: Offset, directory: String, disk: any Disk, log: (any DiskFile)? = nil) {
        self.base = base
        self.directory = directory
        self.disk = disk
        var files = Files()
        if let log { files[.log] = log }
        self.files = Lock(files)
    }

    /// `offset` in 20 digits, as in the names of files.
    static func name(_ offset: Offset) -> String {
        let digits = String(offset.value)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }

    /// The path of the file with `suffix`, such as ".log".
    func path(_ suffix: String) -> String { directory + "/" + Segment.name(base) + suffix }

    /// The log file; nil where it would have to be opened first, which may wait.
    func log(mayWait: Bool) throws(StorageError) -> (any DiskFile)? {
        try open(.log, ".log", .existing, mayWait: mayWait)
    }

    /// An index file, which must exist; nil where it would have to be opened first.
    func index(_ kind: IndexKind, mayWait: Bool) throws(StorageError) -> (any DiskFile)? {
        try open(Slot(kind), kind.suffix, .existing, mayWait: mayWait)
    }

    /// Searches the first `entries` entries of an index file for the last one at or below `key`.
    func search(
        _ kind: IndexKind, entries: Int, key: Int64, mayWait: Bool
    ) throws(StorageError) -> IndexSearch {
        guard let file = try index(kind, mayWait: mayWait) else { return .wouldWait }
        switch kind {
        case .offset:
            return try kind.search(file, entries: entries, key: key, hint: indexHint, mayWait: mayWait)
        case .time:
            return try kind.search(file, entries: entries, key: key, hint: timesHint, mayWait: mayWait)
        }
    }

    /// The position that an entry of the offset index names, or 0 where another batch stands there: then the
    /// index is damaged, and only a walk from the beginning finds what is looked for.
    ///
    /// Nil where finding out would wait.
    func position(of entry: IndexEntry, sizeBytes: Int64, mayWait: Bool) throws(StorageError) -> Int64? {
        let position = Int64(entry.value)
        guard position >= 0, position + Int64(BatchLayout.headerSize) <= sizeBytes else { return 0 }
        guard let file = try log(mayWait: mayWait),
            let head = try file.block(BatchLayout.headerSize, at: position, mayWait: mayWait)
        else { return nil }
        guard let header = try? BatchHeader(reading: head.rawSpan), header.baseOffset >= base,
            header.lastOffset - base <= entry.key, Int64(header.sizeInBytes) <= sizeBytes - position
        else { return 0 }
        if header.lastOffset - base == entry.key { return position }
        // Kafka before 4.0 wrote the last offset of all batches of one append, with the position of the
        // first; or it is the middle of a batch, which happens to look like one.
        guard mayWait else { return nil }
        let bytes = try file.bytes(min(header.sizeInBytes, StorageLimits.batchBytesMax), at: position)
        guard let batch = try? RecordBatch(reading: bytes.rawSpan), (try? batch.verifyChecksum()) != nil
        else {
            return 0
        }
        return position
    }

    /// An index file to write to, created if it is missing.
    func writableIndex(_ kind: IndexKind) throws(StorageError) -> any DiskFile {
        let file = try open(Slot(kind), kind.suffix, .any, mayWait: true)
        guard let file else { preconditionFailure("a file that may be waited for is opened") }
        return file
    }

    private func open(
        _ slot: Slot, _ suffix: String, _ mode: OpenMode, mayWait: Bool
    ) throws(StorageError) -> (any DiskFile)? {
        try files.withLock { (files) throws(StorageError) in
            if let file = files[slot] { return file }
            guard mayWait else { return nil }
            let file = try disk.open(path(suffix) + files.retiredSuffix, mode)
            files[slot] = file
            return file
        }
    }

    /// Lets go of the open files; whoever reads them keeps them.
    func closeFiles() { files.withLock { $0.open = [] } }

    /// The same for the indexes alone.
    func closeIndexes() {
        files.withLock { files in
            guard !files.open.isEmpty else { return }
            files[.index] = nil
            files[.times] = nil
        }
    }

    /// The endings of a segment's files; the log comes last, as the others mean nothing without it.
    static let suffixes = [".index", ".timeindex", ".txnindex", ".log"]

    /// Removes all files of the segment; open readers keep theirs.
    func remove() throws(StorageError) {
        for suffix in Segment.suffixes { try disk.removeIfPresent(path(suffix)) }
    }

    /// Renames all files, so that they no longer belong to the log, and gives their new paths.
    ///
    /// Whoever found something in the segment before can still open them. Several segments of one name may be
    /// retired one after another, so each needs a `serial` of its own.
    func retire(_ serial: Int) throws(StorageError) -> [String] {
        try files.withLock { (files) throws(StorageError) in
            let ending = serial == 0 ? Segment.retiredEnding : ".\(serial)\(Segment.retiredEnding)"
            files.retiredSuffix = ending
            var paths: [String] = []
            for suffix in Segment.suffixes where try disk.entry(at: path(suffix)) != nil {
                try disk.rename(path(suffix), to: path(suffix) + ending)
                paths.append(path(suffix) + ending)
            }
            return paths
        }
    }

    /// What the names of files end in that are about to be removed, as in Kafka.
    static let retiredEnding = ".deleted"
}

/// A batch by its greatest timestamp.
struct TimestampMark: Equatable, Sendable {
    var timestamp: Timestamp
    /// The last offset of the batch.
    var offset: Offset
}

/// What a store knows of one segment; the last one is the active one.
struct SegmentState: Sendable {
    let segment: Segment
    /// The end of its batches, which may lie before the end of reserved blocks.
    var sizeBytes: Int64 = 0
    var index: SparseIndex
    var times: SparseIndex
    /// The first batch with the greatest timestamp.
    var greatest: TimestampMark?
    /// The greatest timestamp of the first batch: `segment.ms` counts from it.
    var firstTimestamp: Timestamp?
    /// Whether each batch begins where the one before it ended: no compaction took any away.
    var isGapless = false
    /// When the segment was opened, or once it is closed, written last; for batches without timestamps.
    var openedAt: Timestamp
    /// Bytes appended since the last index entry.
    var bytesSinceEntry = 0
    /// Up to here blocks are reserved.
    var reservedBytes: Int64 = 0
    /// Up to here the file is written, with zeros behind `sizeBytes`.
    var paddedBytes: Int64 = 0

    init(
        _ segment: Segment, openedAt: Timestamp, index: SparseIndex = .init(.offset),
        times: SparseIndex = .init(.time)
    ) {
        self.segment = segment
        self.openedAt = openedAt
        self.index = index
        self.times = times
    }

    /// Notes a batch that stands at the end of the segment, as Kafka does: the entry names the batch itself,
    /// and only batches behind the first `intervalBytes` get one.
    mutating func note(_ header: BatchHeader, intervalBytes: Int) {
        if firstTimestamp == nil { firstTimestamp = header.maxTimestamp }
        // A batch that compaction emptied has no record that could be found by its time.
        if header.recordCount > 0, header.maxTimestamp > greatest?.timestamp ?? .none {
            greatest = TimestampMark(timestamp: header.maxTimestamp, offset: header.lastOffset)
        }
        if bytesSinceEntry > intervalBytes {
            index.append(
                IndexEntry(key: relative(header.lastOffset), value: Int32(truncatingIfNeeded: sizeBytes)))
            noteTime()
            bytesSinceEntry = 0
        }
        sizeBytes += Int64(header.sizeInBytes)
        bytesSinceEntry += header.sizeInBytes
    }

    /// Adds the greatest timestamp so far to the time index, if it is greater than the last entry.
    mutating func noteTime() {
        guard let greatest, greatest.timestamp.milliseconds > times.last?.key ?? -1 else { return }
        times.append(
            IndexEntry(
                key: greatest.timestamp.milliseconds,
                value: Int32(truncatingIfNeeded: relative(greatest.offset))))
    }

    func relative(_ offset: Offset) -> Int64 { offset - segment.base }
}
