// The start after a crash: before anything else, what the journal holds is written into the segments that
// lack it. What was written there by somebody later, or belongs to a log that is gone, stays as it is.
internal import Base
internal import Records

/// Brings the segments of a log directory up to what its journal holds.
struct JournalReplay {
    let logDirectory: String
    let disk: any Disk
    let logger: Logger

    /// What a replay found out.
    struct Outcome {
        /// Whether there was a journal: the last stop was not clean.
        var wasLive = false
        /// What was durable of each partition, as far as the journal knows.
        var bounds: [TopicPartition: Offset] = [:]
        /// Partitions whose sync failed.
        var suspects = OffsetCheckpoint()
    }

    /// Replays the journal and takes it away.
    ///
    /// Repeating it after a crash in the middle changes nothing: all segments are synced before the journal
    /// goes.
    func run() throws(StorageError) -> Outcome {
        var outcome = Outcome()
        let directory = JournalDirectory(in: logDirectory, disk: disk)
        guard try disk.entry(at: directory.path) != nil else { return outcome }
        outcome.suspects = try directory.marks()
        if let size = try disk.entry(at: directory.journalPath)?.sizeBytes, size > 0 {
            outcome.wasLive = true
            let file = try disk.open(directory.journalPath, .readOnly)
            let contents = try JournalContents(reading: file, sizeBytes: size)
            if let position = contents.damagedAt {
                logger.log(
                    .error, "journal.damaged", ["path": file.path, "position": "\(position)"])
            }
            var runs = 0
            for (_, entries) in contents.live {
                runs += try replay(entries, from: file, &outcome)
            }
            logger.log(
                .info, "journal.replayed", ["path": file.path, "written": "\(runs)"])
        }
        try directory.removeJournal()
        return outcome
    }

    /// Replays one partition's entries; how many runs had to be written.
    private func replay(
        _ entries: [PlacedEntry], from journal: any DiskFile, _ outcome: inout Outcome
    ) throws(StorageError) -> Int {
        guard let key = entries.first?.entry.key, try isPresent(key) else { return 0 }
        let partition = key.partition
        let directory = logDirectory + "/" + partition.description
        let isSuspect = outcome.suspects.offsets[partition] != nil
        var bound = Offset.zero
        for note in entries where note.entry.kind == .note { bound = max(bound, note.entry.baseOffset) }
        let runs = entries.filter { $0.entry.kind == .run }
        let bases = Set(runs.map(\.entry.segmentBase)).sorted()
        var written = 0
        for base in bases {
            let segment = SegmentReplay(
                base: base, directory: directory, disk: disk,
                runs: runs.filter { $0.entry.segmentBase == base })
            guard let done = try segment.replay(from: journal, isSuspect: isSuspect) else {
                logger.log(
                    .warning, "journal.passed_over",
                    ["partition": "\(partition)", "segment": "\(base.value)"])
                return written
            }
            written += done.runs
            bound = max(bound, done.end)
        }
        if written > 0 { try disk.syncDirectory(directory) }
        outcome.bounds[partition] = bound
        return written
    }

    /// Whether the partition's directory is that of this topic, and not of a later one of the same name.
    private func isPresent(_ key: JournalKey) throws(StorageError) -> Bool {
        let file = "\(logDirectory)/\(key.partition)/\(PartitionMetadata.fileName)"
        guard let bytes = try disk.contents(file, limit: 4096) else { return false }
        return (try? PartitionMetadata(reading: bytes, path: file))?.topicID == key.topicID
    }
}

/// An entry and where its bytes stand in the journal.
struct PlacedEntry: Sendable {
    var entry: JournalEntry
    var position: Int64
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
