// What a log remembers of idempotent and transactional producers (KIP-98): the last five batches of each, so
// that a repeated one is known and a gap is refused; its epoch; and the first offset of its open transaction,
// below which read_committed consumers must stay.
internal import Base
internal import Records

/// One remembered batch.
struct ProducerBatch: Equatable, Sendable, BitwiseCopyable {
    var lastSequence: Int32 = -1
    /// Records − 1, in sequence numbers as in offsets.
    var offsetDelta: Int32 = 0
    var lastOffset = Offset(-1)
    var timestamp = Timestamp.none

    var firstOffset: Offset { lastOffset.advanced(by: -Int64(offsetDelta)) }
    /// Sequences wrap from 2^31 − 1 to 0.
    var firstSequence: Int32 { Int32((Int64(lastSequence) - Int64(offsetDelta)) & Int64(Int32.max)) }
}

/// What is remembered of one producer.
struct ProducerEntry: Sendable {
    /// Kafka remembers five: as many requests as an idempotent producer may have in flight.
    static let batchesMax = 5
    /// The epoch of a producer that says none; there is no lower one.
    static let noEpoch: Int16 = -1

    var epoch: Int16
    /// The youngest `batchCount` batches of this epoch, the last one last.
    private var batches = InlineArray<5, ProducerBatch>(repeating: ProducerBatch())
    private(set) var batchCount = 0
    var lastTimestamp = Timestamp.none
    var coordinatorEpoch: Int32 = -1
    /// The first offset of the open transaction.
    var transactionStart: Offset?
    /// Whether there may be older batches in the log than those here, as a snapshot holds only the last one.
    var isFromSnapshot = false

    init(epoch: Int16) { self.epoch = epoch }

    var last: ProducerBatch? { batchCount == 0 ? nil : batches[batchCount - 1] }
    var recent: [ProducerBatch] { (0..<batchCount).map { batches[$0] } }

    mutating func add(_ batch: ProducerBatch) {
        if batchCount == ProducerEntry.batchesMax {
            for index in 1..<batchCount { batches[index - 1] = batches[index] }
            batchCount -= 1
        }
        batches[batchCount] = batch
        batchCount += 1
    }

    mutating func begin(epoch: Int16) {
        self.epoch = epoch
        batchCount = 0
        isFromSnapshot = false
    }

    /// The remembered batch that `header` repeats.
    func duplicate(of header: BatchHeader) -> ProducerBatch? {
        guard header.producerEpoch == epoch else { return nil }
        for index in 0..<batchCount {
            let batch = batches[index]
            if batch.firstSequence == header.baseSequence, batch.lastSequence == header.lastSequence {
                return batch
            }
        }
        return nil
    }

    /// Puts older batches in front, which were found in the log later; `older` ends with the oldest one known
    /// here, or holds nothing of use.
    mutating func complete(with older: [ProducerBatch]) {
        isFromSnapshot = false
        guard let first = recent.first, let joint = older.lastIndex(of: first) else { return }
        let known = recent
        batchCount = 0
        for batch in older[..<joint] + known { add(batch) }
    }
}

/// What is to be done with a producer's batch.
enum ProducerVerdict: Equatable {
    case append
    case duplicate(ProducerBatch)
    /// What seems a gap may be a repetition: what is known of the producer came from a snapshot, and the log
    /// may hold older batches.
    case unknown
}

/// All producers of one log.
struct ProducerState: Sendable {
    private(set) var entries: [Int64: ProducerEntry] = [:]
    /// First offsets of open transactions, ascending, with their producers.
    private(set) var open: [(start: Offset, producer: Int64)] = []
    /// Transactions whose marker stands in the log but may not be durable, by their first offset.
    private var ending: [(start: Offset, marker: Offset)] = []

    /// Whether a transaction of a producer is open, in this epoch of it.
    func hasOpenTransaction(of producer: ProducerID, epoch: Int16) -> Bool {
        guard let entry = entries[producer.value] else { return false }
        return entry.transactionStart != nil && entry.epoch == epoch
    }

    /// Whether nothing that the producer of `header` wrote is known.
    func knowsNoBatch(_ header: BatchHeader) -> Bool { entries[header.producerID.value]?.last == nil }

    /// Whether `header` repeats a batch that is remembered.
    func isRepeated(_ header: BatchHeader) -> Bool {
        entries[header.producerID.value]?.duplicate(of: header) != nil
    }

    /// Refuses an epoch of a producer that is over.
    func checkEpoch(of producer: ProducerID, _ epoch: Int16) throws(StorageError) {
        let current = entries[producer.value]?.epoch ?? ProducerEntry.noEpoch
        guard epoch < current else { return }
        throw .staleProducerEpoch(producer: producer, current: current, found: epoch)
    }

    /// Judges the end of a transaction by the rules of `version`.
    ///
    /// From version 2 on it has the next epoch (KIP-890), so that one in the epoch of what is open is an
    /// earlier transaction's. Where nothing is open it may be repeated.
    func checkEnd(
        _ header: BatchHeader, _ marker: EndTransactionMarker?, version: Int16
    ) throws(StorageError) {
        try checkEpoch(of: header.producerID, header.producerEpoch)
        guard let entry = entries[header.producerID.value] else { return }
        if version >= 2, entry.transactionStart != nil, header.producerEpoch == entry.epoch {
            throw .staleProducerEpoch(
                producer: header.producerID, current: entry.epoch, found: header.producerEpoch)
        }
        guard let marker, marker.coordinatorEpoch < entry.coordinatorEpoch else { return }
        throw .staleCoordinatorEpoch(
            producer: header.producerID, current: entry.coordinatorEpoch, found: marker.coordinatorEpoch)
    }

    /// Judges a batch whose sequence numbers do not count.
    func checkWithoutSequence(_ header: BatchHeader) throws(StorageError) {
        try checkEpoch(of: header.producerID, header.producerEpoch)
        try checkTransaction(header, of: entries[header.producerID.value])
    }

    /// A producer with an open transaction writes nothing else.
    private func checkTransaction(
        _ header: BatchHeader, of entry: ProducerEntry?
    ) throws(StorageError) {
        if !header.attributes.isTransactional, entry?.transactionStart != nil {
            throw .outsideTransaction(producer: header.producerID)
        }
    }

    /// Judges a batch of a client, changing nothing.
    func check(_ header: BatchHeader) throws(StorageError) -> ProducerVerdict {
        guard let entry = entries[header.producerID.value] else {
            try checkEpoch(of: header.producerID, header.producerEpoch)
            return .append
        }
        if let batch = entry.duplicate(of: header) { return .duplicate(batch) }
        try checkEpoch(of: header.producerID, header.producerEpoch)
        let verdict = try checkSequence(header, of: entry)
        if verdict == .append { try checkTransaction(header, of: entry) }
        return verdict
    }

    private func checkSequence(
        _ header: BatchHeader, of entry: ProducerEntry
    ) throws(StorageError) -> ProducerVerdict {
        // A producer without an epoch may go on with any sequence, as nothing says what came before.
        guard entry.epoch > ProducerEntry.noEpoch else { return .append }
        // -1 is "nothing yet", behind which 0 is due, as it is in a new epoch.
        let last = header.producerEpoch == entry.epoch ? entry.last?.lastSequence ?? -1 : -1
        let due = last == Int32.max ? 0 : last + 1
        guard header.baseSequence == due else {
            if entry.isFromSnapshot { return .unknown }
            throw .outOfOrderSequence(producer: header.producerID, expected: due, found: header.baseSequence)
        }
        return .append
    }

    /// Whether more may be known of a producer by looking into the log.
    var hasSnapshots: Bool { entries.values.contains { $0.isFromSnapshot } }

    /// Notes a batch that stands in the log, live and on recovery alike; `marker` is what a control batch
    /// says.
    ///
    /// Returns the transaction that the marker aborted.
    @discardableResult
    mutating func apply(_ header: BatchHeader, _ marker: EndTransactionMarker? = nil) -> AbortedTransaction? {
        guard header.hasProducerID else { return nil }
        var aborted: AbortedTransaction?
        let key = header.producerID.value
        var entry = entries[key] ?? makeEntry(header)
        if header.producerEpoch != entry.epoch { entry.begin(epoch: header.producerEpoch) }
        entry.lastTimestamp = header.maxTimestamp
        if header.attributes.isControl {
            if let marker { entry.coordinatorEpoch = marker.coordinatorEpoch }
            if let start = entry.transactionStart {
                removeOpen(start)
                ending.append((start, header.lastOffset))
                entry.transactionStart = nil
                if marker?.isCommit == false {
                    aborted = AbortedTransaction(
                        producerID: header.producerID, first: start, last: header.lastOffset,
                        lastStable: open.first?.start ?? header.nextOffset)
                }
            }
        } else {
            entry.add(
                ProducerBatch(
                    lastSequence: header.lastSequence, offsetDelta: header.lastOffsetDelta,
                    lastOffset: header.lastOffset,
                    timestamp: header.maxTimestamp))
            if header.attributes.isTransactional, entry.transactionStart == nil {
                entry.transactionStart = header.baseOffset
                open.append((header.baseOffset, key))
            }
        }
        entries[key] = entry
        return aborted
    }

    /// The transaction that began at `start` is over.
    private mutating func removeOpen(_ start: Offset) {
        var (low, high) = (0, open.count)
        while low < high {
            let middle = (low + high) / 2
            if open[middle].start < start { low = middle + 1 } else { high = middle }
        }
        if low < open.count, open[low].start == start { open.remove(at: low) }
    }

    /// Whether any of the producers has ended or begun a transaction here.
    var hasTransactions: Bool {
        entries.values.contains { $0.coordinatorEpoch >= 0 || $0.transactionStart != nil }
    }

    private mutating func makeEntry(_ header: BatchHeader) -> ProducerEntry {
        if entries.count >= StorageLimits.producersPerPartition { forgetSilentest() }
        return ProducerEntry(epoch: header.producerEpoch)
    }

    private mutating func forgetSilentest() {
        let candidates = entries.lazy.filter { $0.value.transactionStart == nil }
        // A tenth at once, as finding one costs a walk over all.
        let times = candidates.map(\.value.lastTimestamp).sorted()
        guard !times.isEmpty else { return }
        let limit = times[times.count / 10]
        entries = entries.filter { $0.value.transactionStart != nil || $0.value.lastTimestamp > limit }
    }

    /// Nothing from here on may be shown to read_committed consumers; nil if no transaction is in the way.
    ///
    /// A transaction that ended stays in the way until its marker is durable.
    var firstUnstable: Offset? {
        guard !open.isEmpty || !ending.isEmpty else { return nil }
        return min(open.first?.start ?? Offset(.max), ending.lazy.map(\.start).min() ?? Offset(.max))
    }

    /// Forgets ended transactions whose markers lie below `end`.
    mutating func markersBecameDurable(below end: Offset) {
        if !ending.isEmpty { ending.removeAll { $0.marker < end } }
    }

    /// Forgets producers that wrote nothing for `expiry`, unless their transaction is open.
    mutating func expire(at now: Timestamp, after expiry: Duration) {
        let limit = now.milliseconds - expiry.wholeMilliseconds
        guard entries.values.contains(where: { $0.lastTimestamp.milliseconds < limit }) else { return }
        entries = entries.filter {
            $0.value.transactionStart != nil || $0.value.lastTimestamp.milliseconds >= limit
        }
    }

    /// Takes an entry out of a snapshot.
    mutating func restore(_ entry: ProducerEntry, of producer: Int64) {
        entries[producer] = entry
        guard let start = entry.transactionStart else { return }
        open.append((start, producer))
        open.sort { $0.start < $1.start }
    }

    /// Completes entries that came from a snapshot by batches that a walk over the log found.
    mutating func complete(with history: ProducerHistory) {
        for (producer, entry) in entries where entry.isFromSnapshot {
            var entry = entry
            entry.complete(with: history.batches(of: producer, epoch: entry.epoch))
            entries[producer] = entry
        }
    }
}

/// The last batches of each producer that a walk over the log came across.
struct ProducerHistory {
    private var found: [Int64: ProducerEntry] = [:]

    mutating func add(_ header: BatchHeader) {
        guard header.hasProducerID, !header.attributes.isControl else { return }
        var entry = found[header.producerID.value] ?? ProducerEntry(epoch: header.producerEpoch)
        if entry.epoch != header.producerEpoch { entry.begin(epoch: header.producerEpoch) }
        entry.add(
            ProducerBatch(
                lastSequence: header.lastSequence, offsetDelta: header.lastOffsetDelta,
                lastOffset: header.lastOffset,
                timestamp: header.maxTimestamp))
        found[header.producerID.value] = entry
    }

    func batches(of producer: Int64, epoch: Int16) -> [ProducerBatch] {
        guard let entry = found[producer], entry.epoch == epoch else { return [] }
        return entry.recent
    }
}
