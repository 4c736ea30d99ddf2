// What other files say about a log: each that vouches for more than the log holds tells of a loss. After a
// clean stop all of them must agree; after a crash only what was durable before it was written down counts.
internal import Base
internal import Storage

/// What the checkpoints of a directory say about one log.
struct CheckpointedEnds: Sendable {
    var recoveryPoint: Offset?
    var highWatermark: Offset?
}

/// What one file says about the end of a log.
private struct KnownEnd {
    let file: String
    let end: Offset
    /// Whether a clean stop leaves exactly this offset there, not merely at most this.
    var isExact = false
}

extension Recovery {
    /// Throws if a segment's log is gone whose indexes are there.
    ///
    /// Whoever removes a segment removes its log last, but where it is put aside under another name.
    func checkNoLogIsMissing(_ names: [DiskEntry], _ found: [Offset]) throws(StorageError) {
        guard trust == .clean || isOwnWriting else { return }
        for suffix in [IndexKind.offset.suffix, IndexKind.time.suffix] {
            for entry in names {
                guard let base = Segment.offset(in: entry.name, suffix: suffix), !found.contains(base) else {
                    continue
                }
                let log = Segment.name(base) + ".log"
                guard !names.contains(where: { $0.name.hasPrefix(log + ".") || $0.name.hasPrefix(log + "-") })
                else { continue }
                throw .corrupt(
                    path: directory + "/" + log, position: 0,
                    reason: "it is missing, but \(entry.name) is there")
            }
        }
    }

    /// Throws if other files say that the log had other bounds.
    func checkBounds(
        _ names: [DiskEntry], _ oldest: Offset?, _ last: SegmentState?, _ end: Offset
    ) throws(StorageError) {
        try checkEnd(names, last, end)
        try checkBeginning(oldest, end)
    }

    private func checkEnd(_ names: [DiskEntry], _ last: SegmentState?, _ end: Offset) throws(StorageError) {
        let known = try knownEnds(names)
        guard trust == .clean else {
            // A log that ends cleanly, but before the recovery point, has lost what was durable.
            if end < bound, bound > logStart ?? .zero { throw lost(last, end, durable: bound) }
            // Snapshots follow the durable end; those of Kafka do not.
            for other in known where !other.isExact && isOwnWriting && other.end > end {
                throw lost(last, end, durable: other.end)
            }
            return
        }
        let agreeing = known.count { $0.end == end }
        let above = known.filter { $0.end > end }
        if let greatest = above.max(by: { $0.end < $1.end }) {
            // One alone against two is itself what is damaged.
            guard above.count == 1, agreeing >= 2 else {
                throw .corrupt(
                    path: last?.segment.path(".log") ?? directory, position: last?.sizeBytes ?? 0,
                    reason: "the log ends at offset \(end.value), but it reached \(greatest.end.value) by "
                        + "\(greatest.file)")
            }
            services.logger.log(
                .warning, "log_note.contradicted",
                [
                    "directory": directory, "file": greatest.file, "says": "\(greatest.end.value)",
                    "end": "\(end.value)",
                ])
        }
        let below = known.filter { $0.isExact && $0.end < end }
        if below.count >= 2, agreeing == 0, let other = below.first {
            throw .corrupt(
                path: last?.segment.path(".log") ?? directory, position: last?.sizeBytes ?? 0,
                reason: "the log claims to end at offset \(end.value), but it ended at \(other.end.value) by "
                    + "\(other.file)")
        }
    }

    private func lost(_ last: SegmentState?, _ end: Offset, durable: Offset) -> StorageError {
        .corrupt(
            path: last?.segment.path(".log") ?? directory, position: last?.sizeBytes ?? 0,
            reason: "the log ends at offset \(end.value), but it was durable up to \(durable.value)")
    }

    private func knownEnds(_ names: [DiskEntry]) throws(StorageError) -> [KnownEnd] {
        var found: [KnownEnd] = []
        if trust == .clean {
            if let offset = checkpointed.recoveryPoint {
                let file = OffsetCheckpoint.Kind.recoveryPoint.rawValue
                found.append(KnownEnd(file: file, end: offset, isExact: true))
            }
            if let offset = checkpointed.highWatermark {
                let file = OffsetCheckpoint.Kind.highWatermark.rawValue
                found.append(KnownEnd(file: file, end: offset, isExact: true))
            }
        }
        if let newest = names.compactMap({ Segment.offset(in: $0.name, suffix: ".snapshot") }).max(),
            let file = names.first(where: { Segment.offset(in: $0.name, suffix: ".snapshot") == newest })
        {
            found.append(KnownEnd(file: file.name, end: newest))
        }
        if let latest = try epochs()?.latest {
            found.append(KnownEnd(file: LeaderEpochs.fileName, end: latest.start))
        }
        return found
    }

    private func epochs() throws(StorageError) -> LeaderEpochs? {
        try PartitionFiles(directory: directory, disk: disk).leaderEpochs()
    }

    /// Throws if other files say that the log began elsewhere than it does.
    ///
    /// The file of epochs is cut where the log starts, so after a clean stop it tells the same as the
    /// checkpoint of log starts and the first segment.
    private func checkBeginning(_ oldest: Offset?, _ end: Offset) throws(StorageError) {
        guard trust == .clean, identity?.kind != .metadata, let oldest,
            let first = try epochs()?.entries.first
        else { return }
        let start = max(oldest, logStart ?? oldest)
        let path = Segment(base: oldest, directory: directory, disk: disk).path(".log")
        func mismatch(_ offset: Offset, _ file: String) -> StorageError {
            .corrupt(
                path: path, position: 0,
                reason: "the log starts at offset \(start.value), but at \(offset.value) by \(file)")
        }
        if first.start < oldest { throw mismatch(first.start, LeaderEpochs.fileName) }
        guard isOwnWriting, !mayHaveHoles, first.start <= end, first.start != start else { return }
        throw mismatch(first.start, LeaderEpochs.fileName)
    }
}
