// How transactions ended, as far as compaction needs to know: what was aborted is no record, and a marker may
// go once nothing of its transaction is left.
internal import Base
internal import Records
internal import Storage

/// The aborted transactions of a part of a log.
struct TransactionOutcomes {
    /// The batches of a producer between `after` and `marker` were aborted.
    private struct Aborted: Sendable {
        var after: Offset
        var marker: Offset
    }

    private var aborted: [Int64: [Aborted]] = [:]
    /// The last marker of each producer.
    private var lastMarkers: [Int64: Offset] = [:]
    /// Producers whose transactions are not known to have ended.
    private var open: Set<Int64> = []
    /// Nothing is known of what lies before.
    private let start: Offset

    /// Outcomes of the transactions from `start` on.
    init(from start: Offset) { self.start = start }

    var hasOpen: Bool { !open.isEmpty }

    /// Notes a batch with records; they come in the order of their offsets.
    mutating func noteData(_ header: BatchHeader) {
        if header.attributes.isTransactional { open.insert(header.producerID.value) }
    }

    /// Notes the end of a transaction.
    mutating func noteMarker(_ header: BatchHeader, isAbort: Bool) {
        let producer = header.producerID.value
        open.remove(producer)
        if isAbort {
            let after = lastMarkers[producer] ?? start.advanced(by: -1)
            aborted[producer, default: []].append(Aborted(after: after, marker: header.lastOffset))
        }
        lastMarkers[producer] = header.lastOffset
    }

    /// Whether a batch with records belongs to an aborted transaction.
    func isAborted(_ header: BatchHeader) -> Bool {
        guard header.attributes.isTransactional, let found = aborted[header.producerID.value] else {
            return false
        }
        var low = 0
        var high = found.count
        while low < high {
            let middle = (low + high) / 2
            if found[middle].marker > header.lastOffset { high = middle } else { low = middle + 1 }
        }
        return low < found.count && found[low].after < header.baseOffset
    }
}
