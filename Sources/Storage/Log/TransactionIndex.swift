// Which transactions of a log were aborted (KIP-98): read_committed consumers are told, and pass over their
// records. On disk each segment has a `.txnindex` with the transactions whose abort markers it holds; in
// memory the log keeps all of them, as they are few and a fetch has no time to look for them.
package import Base

/// An aborted transaction, as a `.txnindex` has it.
package struct AbortedTransaction: Hashable, Sendable, BitwiseCopyable {
    /// Whose transaction it was.
    package var producerID: ProducerID
    /// Its first record.
    package var first: Offset
    /// The marker that aborted it.
    package var last: Offset
    /// The last stable offset behind the marker.
    package var lastStable: Offset

    /// The transaction of `producerID` from `first` to its marker at `last`.
    package init(producerID: ProducerID, first: Offset, last: Offset, lastStable: Offset) {
        self.producerID = producerID
        self.first = first
        self.last = last
        self.lastStable = lastStable
    }
}

/// The aborted transactions of a log, ascending by marker.
struct TransactionIndex: Equatable, Sendable {
    private(set) var entries: [AbortedTransaction] = []
    /// How many of them, counted from the first, are in files.
    private(set) var written = 0

    init() {}

    /// Transactions that were found in files, or whose entries are in files by now.
    init(stored entries: [AbortedTransaction]) {
        self.entries = entries
        written = entries.count
    }

    mutating func add(_ entry: AbortedTransaction) { entries.append(entry) }

    /// Those that have records in the range, as far as a reader needs to know them.
    func overlapping(from start: Offset, below end: Offset) -> [AbortedTransaction] {
        guard let last = entries.last, last.last >= start else { return [] }
        var low = 0
        var high = entries.count - 1
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].last < start { low = middle + 1 } else { high = middle }
        }
        var found: [AbortedTransaction] = []
        for entry in entries[low...] {
            if entry.first < end { found.append(entry) }
            // All transactions that begin before the last stable offset were decided by then.
            if entry.lastStable >= end { break }
        }
        return found
    }

    /// Those that are in no file yet and whose markers lie below `end`.
    func unwritten(below end: Offset) -> [AbortedTransaction] {
        written == entries.count ? [] : Array(entries[written...].prefix { $0.last < end })
    }

    /// Whether there are any.
    func hasUnwritten(below end: Offset) -> Bool { written < entries.count && entries[written].last < end }

    /// Notes that so many more are in files.
    mutating func wrote(_ count: Int) { written = min(entries.count, written + count) }

    /// Forgets those whose markers lie before `start`.
    mutating func trim(to start: Offset) {
        let count = entries.prefix { $0.last < start }.count
        guard count > 0 else { return }
        entries.removeFirst(count)
        written = max(0, written - count)
    }
}
