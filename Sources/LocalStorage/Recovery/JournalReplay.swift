// The start after a crash: before anything else is done with a partition, what the journal holds of it is
// written into the segments that lack it. What was written there by somebody later, or belongs to a log that
// is gone, stays as it is.
internal import Base
internal import Records
internal import Storage

/// Brings the segments of a log directory up to what its journal holds.
struct JournalReplay {
    let logDirectory: String
    let disk: any Disk
    let logger: Logger

    /// What a start found.
    struct Outcome {
        /// Whether there was a journal: the last stop was not clean.
        var wasLive = false
        /// What was durable of each partition that was replayed at once, as far as the journal knows.
        var bounds: [TopicPartition: Offset] = [:]
        /// Partitions whose sync failed.
        var suspects = OffsetCheckpoint()
        /// What is to be replayed as partitions are opened.
        var recovered: RecoveredJournal?
    }

    /// Sets the journal aside, so that a new one can begin while partitions are replayed one by one.
    ///
    /// Where an earlier start came so far and was interrupted, what it left is replayed at once: it is older
    /// than the journal that this start finds.
    func begin() throws(StorageError) -> Outcome {
        var outcome = Outcome()
        let directory = JournalDirectory(in: logDirectory, disk: disk)
        guard try disk.entry(at: directory.path) != nil else { return outcome }
        outcome.suspects = try directory.marks()
        if let older = try open(directory.recoveredPath, outcome.suspects) {
            outcome.wasLive = true
            for partition in older.members { outcome.bounds[partition] = try older.replay(partition) }
        }
        try directory.removeRecovered()
        guard try disk.entry(at: directory.journalPath)?.sizeBytes ?? 0 > 0 else {
            try directory.removeJournal()
            return outcome
        }
        outcome.wasLive = true
        try disk.rename(directory.journalPath, to: directory.recoveredPath)
        // First of all: the new journal takes the name over.
        try disk.syncDirectory(directory.path)
        outcome.recovered = try open(directory.recoveredPath, outcome.suspects)
        return outcome
    }

    /// Replays all of it at once, and takes the journal away.
    ///
    /// Repeating it after a crash in the middle changes nothing: all segments are synced before the journal
    /// goes.
    func run() throws(StorageError) -> Outcome {
        let outcome = try begin()
        let directory = JournalDirectory(in: logDirectory, disk: disk)
        try outcome.recovered?.finish { () throws(StorageError) in try directory.removeRecovered() }
        try directory.removeJournal()
        return outcome
    }

    private func open(
        _ path: String, _ suspects: OffsetCheckpoint
    ) throws(StorageError) -> RecoveredJournal? {
        guard let size = try disk.entry(at: path)?.sizeBytes, size > 0 else { return nil }
        let file = try disk.open(path, .readOnly)
        let contents = try JournalContents(reading: file, sizeBytes: size)
        if let position = contents.damagedAt {
            logger.log(.error, "journal.damaged", ["path": file.path, "position": "\(position)"])
        }
        logger.log(.info, "journal.found", ["path": file.path, "partitions": "\(contents.live.count)"])
        return RecoveredJournal(self, file, contents, suspects: suspects)
    }

    /// Replays one partition's entries; up to where they make it durable.
    func replay(
        _ entries: [PlacedEntry], from journal: any DiskFile, isSuspect: Bool
    ) throws(StorageError) -> Offset {
        guard let key = entries.first?.entry.key, try isPresent(key) else { return .zero }
        let directory = logDirectory + "/" + key.partition.description
        var bound = Offset.zero
        for note in entries where note.entry.kind == .note { bound = max(bound, note.entry.baseOffset) }
        let runs = entries.filter { $0.entry.kind == .run }
        var written = 0
        for base in Set(runs.map(\.entry.segmentBase)).sorted() {
            let segment = SegmentReplay(
                base: base, directory: directory, disk: disk,
                runs: runs.filter { $0.entry.segmentBase == base })
            guard let done = try segment.replay(from: journal, isSuspect: isSuspect) else {
                logger.log(
                    .warning, "journal.passed_over",
                    ["partition": "\(key.partition)", "segment": "\(base.value)"])
                return .zero
            }
            written += done.runs
            bound = max(bound, done.end)
        }
        // Also where nothing was lacking: a kill leaves in memory what was never synced, the file's name too.
        if !runs.isEmpty { try disk.syncDirectory(directory) }
        if written > 0 {
            logger.log(
                .debug, "journal.replayed", ["partition": "\(key.partition)", "runs_written": "\(written)"])
        }
        return bound
    }

    /// Whether the partition's directory is that of this topic, and not of a later one of the same name.
    private func isPresent(_ key: JournalKey) throws(StorageError) -> Bool {
        let file = "\(logDirectory)/\(key.partition)/\(PartitionMetadata.fileName)"
        guard let bytes = try disk.contents(file, limit: 4096) else { return false }
        return (try? PartitionMetadata(reading: bytes, path: file))?.topicID == key.topicID
    }
}

/// Replays the runs of one segment.
struct SegmentReplay {
    let base: Offset
    let directory: String
    let disk: any Disk
    /// In the order in which they were written.
    let runs: [PlacedEntry]

    /// How many runs had to be written, and the offset behind the last; nil if the segment belongs to
    /// somebody later, or a run does not follow on what is there.
    func replay(
        from journal: any DiskFile, isSuspect: Bool
    ) throws(StorageError) -> (runs: Int, end: Offset)? {
        let path = Segment(base: base, directory: directory, disk: disk).path(".log")
        let others = try disk.list(directory).compactMap { Segment.offset(in: $0.name, suffix: ".log") }
        let isMissing = try disk.entry(at: path) == nil
        // Only a new last segment can have lost its name.
        if isMissing, runs.first?.entry.position != 0 || others.contains(where: { $0 > base }) { return nil }
        let file = try disk.open(path, .any)
        if isSuspect { file.dropCache() }
        let later = try laterBatches(in: file)
        var written = 0
        var end = base
        for run in runs {
            let bytes = try journal.bytes(run.entry.length, at: run.position)
            guard let last = lastOffset(of: bytes) else { return nil }
            let range = run.entry.position..<(run.entry.position + Int64(run.entry.length))
            let sizeBytes = try file.size()
            let isForeign = later.contains { $0.epoch > run.entry.leaderEpoch && $0.range.overlaps(range) }
            let isBehindNext = others.contains { $0 > base && $0 <= last }
            guard !isForeign, !isBehindNext, run.entry.position <= sizeBytes else {
                try file.sync()
                return nil
            }
            let present = try file.bytes(bytes.count, at: run.entry.position)
            if isSuspect || present != bytes {
                try file.write(bytes.rawSpan, at: run.entry.position)
                written += 1
            }
            end = last.next
        }
        // Also what needed no writing may be in memory only.
        try file.sync()
        return (written, end)
    }

    /// The batches that stand, whole, where the runs belong: each run is compared with their epochs.
    private func laterBatches(
        in file: any DiskFile
    ) throws(StorageError) -> [(range: Range<Int64>, epoch: LeaderEpoch)] {
        guard let first = runs.first?.entry.position else { return [] }
        let end = min(runs.reduce(0) { max($0, $1.entry.position + Int64($1.entry.length)) }, try file.size())
        let lowest = runs.map(\.entry.leaderEpoch).min() ?? LeaderEpoch(-1)
        var found: [(range: Range<Int64>, epoch: LeaderEpoch)] = []
        // From the beginning, as the first run may point into the middle of what somebody else wrote.
        var position: Int64 = 0
        while position < end {
            let head = try file.bytes(BatchLayout.headerSize, at: position)
            guard let header = try? BatchHeader(reading: head.rawSpan),
                header.sizeInBytes <= StorageLimits.batchBytesMax
            else { break }
            guard position + Int64(header.sizeInBytes) > first else {
                position += Int64(header.sizeInBytes)
                continue
            }
            let bytes = try file.bytes(header.sizeInBytes, at: position)
            guard let batch = try? RecordBatch(reading: bytes.rawSpan), (try? batch.verifyChecksum()) != nil
            else { break }
            let next = position + Int64(header.sizeInBytes)
            if header.leaderEpoch > lowest { found.append((position..<next, header.leaderEpoch)) }
            position = next
        }
        return found
    }

    private func lastOffset(of run: [UInt8]) -> Offset? {
        var position = 0
        var last: Offset?
        while position < run.count {
            guard let header = try? BatchHeader(reading: run.rawSpan.extracting(position...)),
                header.sizeInBytes <= run.count - position
            else { return nil }
            last = header.lastOffset
            position += header.sizeInBytes
        }
        return last
    }
}
