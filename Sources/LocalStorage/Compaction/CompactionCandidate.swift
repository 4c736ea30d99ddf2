// Whether a log is worth compacting, and how far it may be (the rules of Kafka's LogCleanerManager).
internal import Base
internal import Records
internal import Storage

/// The part of a log that may be compacted.
struct CompactionCandidate: Equatable, Sendable {
    /// Up to here each key is there once.
    var firstDirty: Offset
    /// From here on nothing may be compacted yet.
    var uncleanable: Offset
    /// Bytes before `firstDirty`.
    var cleanBytes: Int64 = 0
    /// Bytes between the two.
    var dirtyBytes: Int64 = 0
    /// Whether a record is older than `max.compaction.lag.ms`.
    var isOverdue = false
    /// When more may be compacted though nothing is written; nil if never.
    var due: Timestamp?

    /// The share of bytes that were not compacted.
    var dirtyRatio: Double {
        let total = cleanBytes + dirtyBytes
        return total == 0 ? 0 : Double(dirtyBytes) / Double(total)
    }
}

/// A closed segment, and where the next one begins.
struct ClosedSegment: Sendable {
    var state: SegmentState
    var next: Offset
}

extension SegmentStore {
    /// The closed segments, all of whose files are complete; none if the store takes no changes.
    var closedSegments: [ClosedSegment] {
        state.withLock { state in
            guard !state.isClosed, state.failure == nil else { return [] }
            return (0..<(state.segments.count - 1 - state.ends.unsealed)).map { number in
                ClosedSegment(
                    state: state.segments[number], next: state.segments[number + 1].segment.base)
            }
        }
    }

    /// What of the log may be compacted at `now`, where everything before `checkpoint` was; nil if nothing
    /// ever will without more appends.
    func candidate(
        from checkpoint: Offset?, below limit: Offset, at now: Timestamp
    ) throws(StorageError) -> CompactionCandidate? {
        let (config, start) = state.withLock { ($0.config, $0.start) }
        let closed = closedSegments
        guard config.compacts, let last = closed.last else { return nil }
        var candidate = CompactionCandidate(firstDirty: start, uncleanable: min(limit, last.next))
        // A checkpoint that does not fit belongs to an earlier log.
        if let checkpoint, checkpoint > start, checkpoint <= bounds.end { candidate.firstDirty = checkpoint }
        let dirty = closed.drop { $0.next <= candidate.firstDirty }
        try limitByAge(&candidate, dirty, config, now)
        // Whole segments only.
        let bound = max(candidate.uncleanable, candidate.firstDirty)
        candidate.uncleanable = closed.first { $0.next > bound }?.state.segment.base ?? last.next
        for segment in closed {
            let base = segment.state.segment.base
            if base < candidate.firstDirty { candidate.cleanBytes += segment.state.sizeBytes }
            if segment.next > candidate.firstDirty, base < candidate.uncleanable {
                candidate.dirtyBytes += segment.state.sizeBytes
            }
        }
        return candidate
    }

    /// Applies both lags.
    private func limitByAge(
        _ candidate: inout CompactionCandidate, _ dirty: ArraySlice<ClosedSegment>, _ config: LogConfig,
        _ now: Timestamp
    ) throws(StorageError) {
        let lagMin = config.compactionLagMin.wholeMilliseconds
        if lagMin > 0, let young = dirty.first(where: { $0.state.newest > now.milliseconds - lagMin }) {
            candidate.uncleanable = min(candidate.uncleanable, young.state.segment.base)
            let (due, overflows) = young.state.newest.addingReportingOverflow(lagMin)
            if !overflows { candidate.due = Timestamp(milliseconds: due) }
        }
        let lagMax = config.compactionLagMax.wholeMilliseconds
        guard lagMax < Int64.max / 2 else { return }
        var oldest = Int64.max
        for segment in dirty {
            if let first = try firstTimestamp(of: segment.state), first > 0 { oldest = min(oldest, first) }
        }
        guard oldest < Int64.max / 2 else { return }
        candidate.isOverdue = oldest < now.milliseconds - lagMax
        guard !candidate.isOverdue else { return }
        let due = oldest + lagMax + 1
        candidate.due = Timestamp(milliseconds: min(due, candidate.due?.milliseconds ?? due))
    }

    private func firstTimestamp(of state: SegmentState) throws(StorageError) -> Int64? {
        if let known = state.firstTimestamp { return known.milliseconds }
        guard state.sizeBytes > 0, let file = try state.segment.log(mayWait: true) else { return nil }
        let head = try file.bytes(BatchLayout.headerSize, at: 0)
        return (try? BatchHeader(reading: head.rawSpan))?.maxTimestamp.milliseconds
    }
}

extension SegmentState {
    /// The greatest timestamp of its records, or the time of its last append.
    fileprivate var newest: Int64 {
        if let greatest, greatest.timestamp.milliseconds >= 0 { return greatest.timestamp.milliseconds }
        return openedAt.milliseconds
    }
}
