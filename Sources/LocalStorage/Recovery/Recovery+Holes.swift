// Segments that are missing in the middle of a log: Kafka's consumers jump over such a gap in silence.
// Without compaction the offsets of a log leave no gap, so the partition is refused, and named.
internal import Base
internal import Records
internal import Storage

extension Recovery {
    /// Throws if the segment that began at `end` is gone, and the log goes on at `next`.
    ///
    /// Beyond the recovery point it may never have reached the disk, which is no damage.
    func checkNoneIsMissing(between end: Offset, and next: Offset) throws(StorageError) {
        guard !mayHaveHoles, end < next, end < bound else { return }
        throw .corrupt(
            path: Segment(base: end, directory: directory, disk: disk).path(".log"), position: 0,
            reason: "it is missing, and with it the offsets \(end.value) to \(next.value - 1)")
    }

    /// The offset after the last batch of a closed segment, a few batches behind `start`.
    ///
    /// - Throws: `.corrupt` if that batch cannot stand before a segment at `next`.
    func end(of state: SegmentState, from start: Int64, next: Offset) throws(StorageError) -> Offset {
        guard let file = try state.segment.log(mayWait: true) else { return next }
        var end = state.segment.base
        var last: Int64 = 0
        _ = try walkHeaders(
            of: file, in: start..<state.sizeBytes, blockBytes: 8192, mayWait: true, isGapless: isGapless(next)
        ) { header, position in
            (end, last) = (header.nextOffset, position)
            return true
        }
        guard end <= next else {
            throw .corrupt(
                path: file.path, position: last,
                reason: "the batch here ends at offset \(end.value), and the next segment begins at "
                    + "\(next.value)")
        }
        return end
    }

    /// Throws unless the first batch of a segment that is trusted stands where the segment begins.
    func checkFirst(of segment: Segment, _ size: Int64, _ next: Offset?) throws(StorageError) {
        guard size > 0, let file = try segment.log(mayWait: true),
            let head = try file.block(BatchLayout.headerSize, at: 0, mayWait: true)
        else { return }
        guard let first = try? BatchHeader(reading: head.rawSpan), Int64(first.sizeInBytes) <= size else {
            throw .corrupt(path: file.path, position: 0, reason: "no batch begins here")
        }
        let isInPlace =
            isGapless(next) ? first.baseOffset == segment.base : first.baseOffset >= segment.base
        guard isInPlace, first.lastOffset < next ?? Offset(.max) else {
            throw .corrupt(
                path: file.path, position: 0,
                reason: "its first batch holds the offsets \(first.baseOffset.value) to "
                    + "\(first.lastOffset.value), which do not belong into this segment")
        }
    }

    /// Up to which offset the index files of a closed segment say that it reaches; nil if they say nothing
    /// that could be.
    func indexedEnd(
        of segment: Segment, next: Offset, _ sizes: [Name: Int64]
    ) throws(StorageError) -> Offset? {
        var end: Offset?
        for kind in [IndexKind.offset, .time] {
            let bytes = sizes["\(Segment.name(segment.base))\(kind.suffix)"] ?? 0
            guard bytes > 0, bytes % Int64(kind.entryBytes) == 0,
                let file = try segment.index(kind, mayWait: true),
                let last = try kind.entry(Int(bytes) / kind.entryBytes - 1, of: file, mayWait: true)
            else { continue }
            let offset = segment.base.advanced(by: last.relativeOffset(kind))
            // An entry that names another segment's offsets is itself damaged.
            if offset >= segment.base, offset < next { end = max(end ?? offset.next, offset.next) }
        }
        return end
    }

    /// Throws if a closed segment of a log with holes ends before what its indexes name: among offsets that
    /// may be missing nothing else would tell.
    func checkReaches(_ indexedEnd: Offset?, _ scanned: Scanned) throws(StorageError) {
        guard let indexedEnd, scanned.end < indexedEnd else { return }
        throw .corrupt(
            path: scanned.state.segment.path(".log"), position: scanned.state.sizeBytes,
            reason: "the segment ends at offset \(scanned.end.value), but its indexes name what reached "
                + "\(indexedEnd.value)")
    }
}
