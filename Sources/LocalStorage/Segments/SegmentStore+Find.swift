// Lookups by time: they happen seldom, and may wait for the disk.
internal import Base
internal import Records
internal import Storage

/// What a lookup by time needs of a segment.
private struct TimedSegment: Sendable {
    var segment: Segment
    var sizeBytes: Int64
    var greatest: TimestampMark?
    var times: SparseIndex.Floor
    var nextBase: Offset
}

extension SegmentStore {
    /// Finds a record by time, on the pool.
    func find(
        _ query: TimestampQuery, below limit: Offset, mayWait: Bool
    ) throws(StorageError) -> Eventually<TimestampHit?> {
        if state.withLock({ $0.isClosed }) { throw .closed(path: directory) }
        if mayWait { return .now(try found(query, below: limit)) }
        return .later(on: services.background) { () throws(StorageError) in
            try self.found(query, below: limit)
        }
    }

    private func found(_ query: TimestampQuery, below limit: Offset) throws(StorageError) -> TimestampHit? {
        try notingDamage { () throws(StorageError) in
            switch query {
            case .atOrAfter(let timestamp): return try first(atOrAfter: timestamp, below: limit)
            case .greatest:
                // What a segment is known to have as its greatest may stand before the start, in the batch
                // that contains it: then there is no record to be found, and its headers decide.
                for walksFirst in [false, true] {
                    guard let greatest = try greatest(below: limit, walksFirst: walksFirst) else { break }
                    if let hit = try first(atOrAfter: greatest, below: limit) { return hit }
                }
                return nil
            }
        }
    }

    private func first(atOrAfter target: Timestamp, below limit: Offset) throws(StorageError) -> TimestampHit?
    {
        let (segments, start) = timedSegments(target, below: limit)
        for timed in segments where timed.greatest?.timestamp ?? .none >= target || timed.greatest == nil {
            let position = try self.position(behind: timed, before: target)
            guard let file = try timed.segment.log(mayWait: true) else { continue }
            var hit: TimestampHit?
            _ = try walkHeaders(of: file, in: position..<timed.sizeBytes, blockBytes: 1 << 16, mayWait: true)
            {
                (header, position) throws(StorageError) in
                guard header.baseOffset < limit else { return false }
                guard header.maxTimestamp >= target, header.lastOffset >= start else { return true }
                hit = try self.record(atOrAfter: target, from: start, header, in: file, position)
                return hit == nil
            }
            if let hit { return hit.offset < limit ? hit : nil }
        }
        return nil
    }

    private func timedSegments(_ target: Timestamp, below limit: Offset) -> ([TimedSegment], start: Offset) {
        state.withLock { state in
            let first = state.segmentNumber(containing: state.start)
            let timed = (first..<state.segments.count).map { number in
                let segment = state.segments[number]
                let isLast = number == state.segments.count - 1
                return TimedSegment(
                    segment: segment.segment, sizeBytes: segment.sizeBytes, greatest: segment.greatest,
                    times: segment.times.floor(of: target.before),
                    nextBase: isLast ? state.end : state.segments[number + 1].segment.base)
            }
            return (timed.filter { $0.segment.base < limit }, state.start)
        }
    }

    /// A position up to which every record is older than `target`.
    private func position(behind timed: TimedSegment, before target: Timestamp) throws(StorageError) -> Int64
    {
        var entry: IndexEntry?
        switch timed.times {
        case .none: return 0
        case .entry(let found): entry = found
        case .inFile(let entries):
            let key = target.before
            if case .entry(let found) = try timed.segment.search(
                .time, entries: entries, key: key, mayWait: true)
            {
                entry = found
            }
        }
        guard let entry else { return 0 }
        return try boundary(of: timed.segment.base.advanced(by: Int64(entry.value)), in: timed.segment)
    }

    /// The first record of one batch that is old enough.
    private func record(
        atOrAfter target: Timestamp, from start: Offset, _ header: BatchHeader, in file: any DiskFile,
        _ position: Int64
    ) throws(StorageError) -> TimestampHit? {
        var hit: TimestampHit?
        try forEachRecord(of: header, in: file, position) { record in
            guard record.timestamp >= target, record.offset >= start else { return true }
            hit = TimestampHit(
                offset: record.offset, timestamp: record.timestamp, leaderEpoch: header.leaderEpoch)
            return false
        }
        return hit
    }

    private func forEachRecord(
        of header: BatchHeader, in file: any DiskFile, _ position: Int64, _ visit: (RecordView) -> Bool
    ) throws(StorageError) {
        guard header.sizeInBytes <= StorageLimits.batchBytesMax else {
            throw .corrupt(path: file.path, position: position, reason: "the batch is larger than any")
        }
        let bytes = try file.bytes(header.sizeInBytes, at: position)
        do throws(RecordError) {
            let batch = try RecordBatch(reading: bytes.rawSpan)
            try batch.forEachRecord(limitBytes: StorageLimits.decompressedBytesMax) { record, _ in
                visit(record)
            }
        } catch {
            throw .corrupt(
                path: file.path, position: position, reason: "its records cannot be read (\(error))")
        }
    }

    /// The greatest timestamp of the records below `limit`; with `walksFirst` that is certain.
    private func greatest(below limit: Offset, walksFirst: Bool) throws(StorageError) -> Timestamp? {
        var greatest: Timestamp?
        let (segments, start) = timedSegments(.none, below: limit)
        for timed in segments {
            let mayMark = !walksFirst || timed.segment.base >= start
            if mayMark, let mark = timed.greatest, mark.offset < limit, mark.offset >= start {
                greatest = max(greatest ?? mark.timestamp, mark.timestamp)
            } else if let file = try timed.segment.log(mayWait: true) {
                // The greatest of the segment is out of sight; what remains has to be looked through.
                _ = try walkHeaders(of: file, in: 0..<timed.sizeBytes, blockBytes: 1 << 16, mayWait: true) {
                    (header, position) throws(StorageError) in
                    guard header.baseOffset < limit else { return false }
                    guard header.lastOffset >= start, header.recordCount > 0 else { return true }
                    let found =
                        header.baseOffset < start
                        ? try self.greatest(of: header, from: start, in: file, position)
                        : header.maxTimestamp
                    if let found { greatest = max(greatest ?? found, found) }
                    return true
                }
            }
        }
        return greatest
    }

    /// The greatest timestamp of the records of one batch from `start` on.
    private func greatest(
        of header: BatchHeader, from start: Offset, in file: any DiskFile, _ position: Int64
    ) throws(StorageError) -> Timestamp? {
        var greatest: Timestamp?
        try forEachRecord(of: header, in: file, position) { record in
            if record.offset >= start { greatest = max(greatest ?? record.timestamp, record.timestamp) }
            return true
        }
        return greatest
    }

    /// The beginning of a batch at or before the one with `offset`.
    func boundary(of offset: Offset, in segment: Segment) throws(StorageError) -> Int64 {
        let (floor, size) = state.withLock { state -> (SparseIndex.Floor, Int64) in
            guard let found = state.segments.first(where: { $0.segment === segment }) else {
                return (.none, 0)
            }
            return (found.index.floor(of: offset - segment.base), found.sizeBytes)
        }
        switch floor {
        case .none: return 0
        case .entry(let entry): return Int64(entry.value)
        case .inFile(let entries):
            let search = try segment.search(
                .offset, entries: entries, key: offset - segment.base, mayWait: true)
            if case .entry(let entry) = search { return try start(at: entry, in: segment, size) }
            return 0
        }
    }

    /// The position that `entry` names, or 0 where it cannot be right.
    func start(
        at entry: IndexEntry, in segment: Segment, _ sizeBytes: Int64
    ) throws(StorageError) -> Int64 {
        let position = try segment.position(of: entry, sizeBytes: sizeBytes, mayWait: true) ?? 0
        if position == 0 { indexIsDamaged(segment) }
        return position
    }
}

extension Timestamp {
    /// The key behind which the first entry of a time index at this time, or later, stands.
    fileprivate var before: Int64 { max(milliseconds, .min + 1) - 1 }
}
