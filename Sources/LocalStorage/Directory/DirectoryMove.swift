// Moves a partition from one log directory to another: the files of its segments are copied beside the
// serving log, first what is closed for good, then what keeps growing. A segment that compaction replaces
// meanwhile is copied anew. At the end the log is closed, and what is left is a moment's work.
internal import Base
internal import Storage

/// A partition on its way between two log directories.
final class DirectoryMove: PartitionMove {
    let partition: TopicPartition
    var target: any StoragePlace { destination }
    private let open: OpenLog
    private let source: LogDirectory
    private let destination: LogDirectory
    private let path: String
    private let pieces: Lock<[Offset: Copied]>

    /// How much of a segment lies at the new place.
    private struct Copied: Sendable {
        let segment: Segment
        var bytes: Int64 = 0
        /// Whether its indexes lie there too, so that nothing is left of it.
        var isWhole = false
    }

    /// So many bytes are read and written at a time.
    private static let chunkBytes = 1 << 20

    /// Makes the new directory, empty and durable.
    init(
        of open: OpenLog, from source: LogDirectory, to destination: LogDirectory
    ) throws(StorageError) {
        self.open = open
        self.source = source
        self.destination = destination
        partition = open.log.partition
        pieces = Lock([:])
        path = try FutureDirectories(destination.path, destination.services).make(
            partition, of: open.log.topicID)
    }

    var copied: (bytes: Int64, end: Offset) {
        let pieces = pieces.withLock { $0 }
        let segments = open.store.state.withLock { $0.segments }
        let first = segments.first { pieces[$0.segment.base]?.bytes != $0.sizeBytes }
        return (
            pieces.values.reduce(0) { $0 + $1.bytes }, first?.segment.base ?? open.log.bounds.logEnd
        )
    }

    func copy(atMost bytesMax: Int64) throws(StorageError) -> Int64 {
        let (segments, recoveryPoint) = open.store.state.withLock { ($0.segments, $0.kept.recoveryPoint) }
        try discard(allBut: segments)
        var (budget, left) = (bytesMax, Int64(0))
        for (number, segment) in segments.enumerated() {
            var known = pieces.withLock { $0[segment.segment.base] } ?? Copied(segment: segment.segment)
            let count = min(budget, segment.sizeBytes - known.bytes)
            if count > 0 || known.bytes == 0 {
                do throws(StorageError) {
                    try copyBytes(of: segment.segment, from: known.bytes, count)
                } catch {
                    // Compaction or retention may just have taken it away; the next call sees to that.
                    guard isCurrent(segment.segment) else { continue }
                    throw error
                }
                known.bytes += count
                budget -= count
            }
            left += segment.sizeBytes - known.bytes
            // Below the recovery point the index files are complete.
            let isSettled = number + 1 < segments.count && segments[number + 1].segment.base <= recoveryPoint
            if isSettled, known.bytes == segment.sizeBytes, !known.isWhole {
                try copyIndexes(of: segment.segment)
                known.isWhole = true
            }
            pieces.withLock { [known] in $0[segment.segment.base] = known }
        }
        return left
    }

    func finish() throws(StorageError) {
        let marks = try source.table.closeLeaving(open)
        _ = try copy(atMost: .max)
        let segments = open.store.state.withLock { $0.segments }
        for segment in segments where pieces.withLock({ $0[segment.segment.base]?.isWhole }) != true {
            try copyIndexes(of: segment.segment)
        }
        let disk = source.services.disk
        for entry in try disk.list(open.store.directory) where Self.isBesideSegments(entry.name) {
            try copyFile(named: entry.name)
        }
        try syncAll()
        destination.checkpoints.adopt(marks)
        if let compactedTo = source.checkpoints.known(of: partition).compactedTo {
            destination.checkpoints.compacted(partition, to: compactedTo)
            try destination.checkpoints.writeCleanerOffsets()
        }
        // What DeleteRecords took away must not come back.
        try destination.table.writeCheckpoints()
    }

    func commit() throws(StorageError) {
        if let failure = source.table.delete([partition], of: open.log.topicID)[0] { throw failure }
        try source.checkpoints.forgetCompaction(of: [partition])
        try FutureDirectories(destination.path, destination.services).complete(path, of: partition)
    }

    func abandon() {
        destination.checkpoints.forget(partition)
        DeletedDirectories(destination.path, destination.services).removeLater(path)
    }
}

// MARK: - Copying

extension DirectoryMove {
    /// What a clean stop leaves beside segments: the state of producers, and leader epochs.
    private static func isBesideSegments(_ name: String) -> Bool {
        name == LeaderEpochs.fileName || Segment.offset(in: name, suffix: ".snapshot") != nil
    }

    private func isCurrent(_ segment: Segment) -> Bool {
        open.store.state.withLock { state in
            !state.isClosed && state.segments.contains { $0.segment === segment }
        }
    }

    /// Removes what was copied of segments that are no longer part of the log.
    private func discard(allBut segments: [SegmentState]) throws(StorageError) {
        let current = Dictionary(
            segments.map { ($0.segment.base, ObjectIdentifier($0.segment)) }, uniquingKeysWith: { $1 })
        for (base, known) in pieces.withLock({ $0 }) where current[base] != ObjectIdentifier(known.segment) {
            for suffix in Segment.suffixes {
                try destination.services.disk.removeIfPresent(path + "/" + Segment.name(base) + suffix)
            }
            pieces.withLock { $0[base] = nil }
        }
    }

    /// Copies `count` bytes of a segment's batches from `position` on; its file is made in any case.
    private func copyBytes(of segment: Segment, from position: Int64, _ count: Int64) throws(StorageError) {
        guard let file = try segment.log(mayWait: true) else { return }
        let copy = try destination.services.disk.open(path + "/" + Segment.name(segment.base) + ".log", .any)
        try Self.copy(file, from: position, count, to: copy)
        copy.startWriteBack()
    }

    private static func copy(
        _ file: any DiskFile, from position: Int64, _ count: Int64, to copy: any DiskFile
    ) throws(StorageError) {
        var (position, left) = (position, count)
        while left > 0 {
            let bytes = try file.bytes(Int(min(left, Int64(chunkBytes))), at: position)
            guard !bytes.isEmpty else {
                throw .corrupt(
                    path: file.path, position: position, reason: "the file ends before its batches")
            }
            try copy.write(bytes.rawSpan, at: position)
            position += Int64(bytes.count)
            left -= Int64(bytes.count)
        }
    }

    private func copyIndexes(of segment: Segment) throws(StorageError) {
        for suffix in Segment.suffixes where suffix != ".log" {
            try copyFile(named: Segment.name(segment.base) + suffix)
        }
    }

    /// Copies a file that nobody changes meanwhile, if there is one.
    private func copyFile(named name: String) throws(StorageError) {
        let disk = source.services.disk
        guard let entry = try disk.entry(at: open.store.directory + "/" + name) else { return }
        let copy = try destination.services.disk.open(path + "/" + name, .any)
        try copy.truncate(to: 0)
        try Self.copy(
            disk.open(open.store.directory + "/" + name, .readOnly), from: 0, entry.sizeBytes, to: copy)
        copy.startWriteBack()
    }

    private func syncAll() throws(StorageError) {
        let disk = destination.services.disk
        for entry in try disk.list(path) where !entry.isDirectory {
            try disk.open(path + "/" + entry.name, .existing).sync()
        }
        try disk.syncDirectory(path)
    }
}
