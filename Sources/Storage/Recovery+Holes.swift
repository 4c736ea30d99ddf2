// Segments that are missing in the middle of a log: Kafka's consumers jump over such a gap in silence.
// Without compaction the offsets of a log leave no gap, so the partition is refused, and named.
internal import Base
internal import Records

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

    /// The offset after the last batch of a closed segment, at most `next`.
    func end(of state: SegmentState, next: Offset) throws(StorageError) -> Offset {
        // Mostly the last batch is also the latest, and its entry saves looking into the log.
        if let latest = state.greatest?.offset, latest.next == next { return next }
        guard let file = try state.segment.log(mayWait: true) else { return next }
        var end = state.segment.base
        let start =
            try state.index.last.flatMap { (entry) throws(StorageError) in
                try state.segment.position(of: entry, sizeBytes: state.sizeBytes, mayWait: true)
            } ?? 0
        _ = try walkHeaders(of: file, in: start..<state.sizeBytes, blockBytes: 8192, mayWait: true) {
            header, _ in
            end = header.nextOffset
            return true
        }
        return end
    }
}
