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

    /// Judges a batch of a client, changing nothing.
    func check(_ header: BatchHeader) throws(StorageError) -> ProducerVerdict {
        guard let entry = entries[header.producerID.value] else {
            guard header.producerEpoch >= ProducerEntry.noEpoch else { throw stale(nil, header) }
            return .append
        }
        if header.attributes.isControl {
            guard header.producerEpoch >= entry.epoch else { throw stale(entry, header) }
            return .append
        }
        if let batch = entry.duplicate(of: header) { return .duplicate(batch) }
        guard header.producerEpoch >= entry.epoch else { throw stale(entry, header) }
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

    private func stale(_ entry: ProducerEntry?, _ header: BatchHeader) -> StorageError {
        .staleProducerEpoch(
            producer: header.producerID, current: entry?.epoch ?? ProducerEntry.noEpoch,
            found: header.producerEpoch)
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
                open.removeAll { $0.producer == key }
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
