// The aborted transactions of a log that is being opened: from the notes of its segments, and where these are
// missing, damaged or behind, from the log itself.
internal import Base
internal import Records

/// Gathers the aborted transactions of a log, and puts its files in order.
struct AbortedSearch {
    let store: any LogStore
    let notes: any LogNotes
    let path: String
    let logger: Logger

    /// All aborted transactions, when those from `walkStart` on are known from the log.
    func index(
        walked: [AbortedTransaction], from walkStart: Offset, isTransactional: Bool
    ) throws(StorageError) -> TransactionIndex {
        let segments = try notes.transactionNotes()
        guard isTransactional || segments.contains(where: { $0.entries != nil || $0.isDamaged }) else {
            return TransactionIndex()
        }
        var (from, found) = (walkStart, walked)
        if let doubtful = try firstDoubtful(segments, below: walkStart) {
            logger.log(.info, "transaction_index.rebuilt", ["partition": path, "from": "\(doubtful.value)"])
            (from, found) = try search(from: doubtful, below: walkStart)
            found += walked
        }
        let stored = segments.flatMap { $0.entries ?? [] }.filter { $0.last < from }
        let all = stored + found
        var rest = all[...]
        for (number, segment) in segments.enumerated() {
            let next = number + 1 < segments.count ? segments[number + 1].base : Offset(.max)
            let mine = Array(rest.prefix { $0.last < next })
            rest = rest.dropFirst(mine.count)
            // An empty file says that there are none, and saves the next start from looking.
            if segment.entries != mine { try notes.replaceTransactions(mine, base: segment.base) }
        }
        var index = TransactionIndex(stored: all)
        index.trim(to: store.bounds.start)
        return index
    }

    /// The base of the first segment below `end` whose file is missing though it may hold abort markers.
    ///
    /// Kafka makes no file for a segment without any. The snapshot behind the segment knows whether any of
    /// its producers ever ended a transaction.
    private func firstDoubtful(
        _ segments: [TransactionNotes], below end: Offset
    ) throws(StorageError) -> Offset? {
        let snapshots = try notes.snapshotOffsets().sorted()
        for (number, segment) in segments.enumerated() where segment.base < end && segment.entries == nil {
            if segment.isDamaged { return segment.base }
            let next = number + 1 < segments.count ? segments[number + 1].base : end
            guard let behind = snapshots.first(where: { $0 >= min(next, end) }),
                let bytes = try notes.snapshot(at: behind),
                let producers = ProducerSnapshot.producers(in: bytes)
            else { return segment.base }
            if producers.hasTransactions { return segment.base }
        }
        return nil
    }

    /// The transactions that were aborted in `start..<end`.
    private func search(
        from start: Offset, below end: Offset
    ) throws(StorageError) -> (from: Offset, found: [AbortedTransaction]) {
        var producers = ProducerState()
        var begin = store.bounds.start
        for offset in try notes.snapshotOffsets().sorted().reversed() where offset <= start && offset >= begin
        {
            if let bytes = try notes.snapshot(at: offset), let known = ProducerSnapshot.producers(in: bytes) {
                (producers, begin) = (known, offset)
                break
            }
        }
        var found: [AbortedTransaction] = []
        try store.walk(from: begin) { (header) throws(StorageError) in
            guard header.baseOffset < end else { return false }
            let marker = try PartitionLog.marker(header, in: store)
            if let aborted = producers.apply(header, marker) { found.append(aborted) }
            return true
        }
        return (begin, found)
    }
}
