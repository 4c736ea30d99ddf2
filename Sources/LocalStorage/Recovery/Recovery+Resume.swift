// Where a scan begins. Everything below the recovery point was looked through when that was set, so what the
// index knows of it need not be read again: a segment of a gigabyte costs what was written since.
internal import Base
internal import Records
internal import Storage

extension Recovery {
    /// The segment up to the last batch that its indexes name below the recovery point, with the entries up
    /// to there; nil where they do not fit, and the scan has to begin with the segment.
    func resumed(_ segment: Segment, _ size: Int64) throws(StorageError) -> SegmentState? {
        let end = min(bound, verifiedEnd)
        guard trust != .clean, end > segment.base,
            let entry = try last(.offset, of: segment, upTo: end.value - segment.base.value - 1),
            let time = try last(.time, of: segment, upTo: entry.last.key), time.last.key > 0,
            try segment.position(of: entry.last, sizeBytes: size, mayWait: true) == Int64(entry.last.value),
            entry.last.value > 0, let file = try segment.log(mayWait: true),
            let head = try file.block(BatchLayout.headerSize, at: 0, mayWait: true),
            let first = try? BatchHeader(reading: head.rawSpan), first.baseOffset >= segment.base,
            // An entry that was damaged may name another batch than it points to.
            let resumption = try file.block(
                BatchLayout.headerSize, at: Int64(entry.last.value), mayWait: true),
            let named = try? BatchHeader(reading: resumption.rawSpan),
            named.lastOffset - segment.base == entry.last.key
        else { return nil }
        var state = SegmentState(
            segment, openedAt: services.clock.wallTime(),
            index: SparseIndex(.offset, stored: entry.count, last: entry.last),
            times: SparseIndex(.time, stored: time.count, last: time.last))
        state.sizeBytes = Int64(entry.last.value)
        state.firstTimestamp = first.maxTimestamp
        // Both indexes get their entries at once, so none of these batches is later.
        let greatest = TimestampMark(
            timestamp: Timestamp(milliseconds: time.last.key),
            offset: segment.base.advanced(by: Int64(time.last.value)))
        state.greatest = greatest
        return try isThere(greatest, in: state, size) ? state : nil
    }

    /// The last entry of an index file that speaks of an offset up to `relative`, and how many come up to it.
    private func last(
        _ kind: IndexKind, of segment: Segment, upTo relative: Int64
    ) throws(StorageError) -> (count: Int, last: IndexEntry)? {
        guard let entry = try disk.entry(at: segment.path(kind.suffix)), entry.sizeBytes > 0,
            entry.sizeBytes <= SegmentLimits.indexBytesMax, let file = try segment.index(kind, mayWait: true)
        else { return nil }
        var found: IndexEntry?
        var low = 0
        var high = Int(entry.sizeBytes) / kind.entryBytes
        while low < high {
            let middle = (low + high) / 2
            guard let entry = try kind.entry(middle, of: file, mayWait: true) else { return nil }
            if entry.relativeOffset(kind) <= relative {
                found = entry
                low = middle + 1
            } else {
                high = middle
            }
        }
        return found.map { (low, $0) }
    }
}
