// Follows the producers through a partition's log, to compare what snapshots and indexes of aborted
// transactions say with the batches themselves. Both are trusted by a start after a clean stop, so a wrong
// one would let a duplicate in, or show read_committed consumers what was aborted.
internal import Base
internal import LocalStorage
internal import Protocol
internal import Records
internal import Storage

/// The producers of a partition, batch after batch.
struct ProducerCheck {
    private struct Producer {
        var epoch: Int16
        var lastSequence: Int32 = -1
        var lastOffset: Int64 = -1
        var offsetDelta: Int32 = 0
        var coordinatorEpoch: Int32 = -1
        var transactionStart: Int64?
    }

    /// Beyond so many producers nothing is compared any more, as memory is bounded.
    private static let producersMax = StorageLimits.producersPerPartition

    private let disk: any Disk
    /// What was written before is not there any more.
    private let firstBase: Int64
    /// Snapshots that were not compared yet, ascending.
    private var snapshots: ArraySlice<(offset: Int64, path: String)>
    private var producers: [Int64: Producer] = [:]
    /// Transactions that the present segment's markers aborted.
    private var aborted: [AbortedTransaction] = []
    /// Whether something is not known that comparing takes.
    private(set) var hasGivenUp = false
    private(set) var findings: [String] = []

    init(_ disk: any Disk, directory: String, names: [String], firstBase: Int64) {
        self.disk = disk
        self.firstBase = firstBase
        let found = names.filter { $0.hasSuffix(".snapshot") }.compactMap { name in
            Int64(name.dropLast(".snapshot".count)).map { (offset: $0, path: directory + "/" + name) }
        }
        snapshots = found.filter { $0.offset >= firstBase }.sorted { $0.offset < $1.offset }[...]
    }

    /// Something of the log cannot be read: nothing is compared any more.
    mutating func giveUp() {
        hasGivenUp = true
        producers = [:]
    }

    /// The log goes on at `offset`, or ends there: compares the snapshots up to it.
    ///
    /// Where the log may have holes, the batches that a snapshot speaks of may be gone.
    mutating func reached(_ offset: Int64, hasHoles: Bool) {
        while let next = snapshots.first, next.offset <= offset {
            snapshots = snapshots.dropFirst()
            guard !hasGivenUp, let bytes = try? disk.contents(next.path),
                let snapshot = ProducerSnapshot.checked(bytes)
            else { continue }
            if let difference = difference(of: snapshot, at: next.offset, hasHoles: hasHoles) {
                findings.append("\(next.path) is not what the log says: \(difference)")
            }
        }
    }

    /// Notes a batch of the log.
    mutating func apply(_ batch: borrowing RecordBatch) {
        let header = batch.header
        guard header.hasProducerID, !hasGivenUp else { return }
        let id = header.producerID.value
        var producer = producers[id] ?? Producer(epoch: header.producerEpoch)
        if producer.epoch != header.producerEpoch {
            producer.epoch = header.producerEpoch
            (producer.lastSequence, producer.lastOffset, producer.offsetDelta) = (-1, -1, 0)
        }
        if header.attributes.isControl {
            end(&producer, batch)
        } else {
            producer.lastSequence = header.lastSequence
            producer.lastOffset = header.lastOffset.value
            producer.offsetDelta = header.lastOffsetDelta
            if header.attributes.isTransactional, producer.transactionStart == nil {
                producer.transactionStart = header.baseOffset.value
            }
        }
        producers[id] = producer
        if producers.count > Self.producersMax { giveUp() }
    }

    /// A marker ends the transaction of its producer.
    private mutating func end(_ producer: inout Producer, _ batch: borrowing RecordBatch) {
        let header = batch.header
        guard let record = try? ControlRecords.read(batch).first,
            let marker = try? EndTransactionMarker(type: record.type, value: unsafe record.value.span.bytes)
        else { return }
        producer.coordinatorEpoch = marker.coordinatorEpoch
        guard let start = producer.transactionStart else { return }
        producer.transactionStart = nil
        guard !marker.isCommit else { return }
        let others = producers.lazy.filter { $0.key != header.producerID.value }
        let open = others.compactMap(\.value.transactionStart).min()
        aborted.append(
            AbortedTransaction(
                producerID: header.producerID, first: Offset(start), last: header.lastOffset,
                lastStable: open.map { Offset($0) } ?? header.nextOffset))
    }

    /// What a segment's index of aborted transactions, just read, gets wrong; nil if it agrees with the
    /// segment's markers.
    ///
    /// Behind a crash it may lack the last ones.
    mutating func difference(of entries: [AbortedTransaction], isComplete: Bool) -> String? {
        guard !hasGivenUp else { return nil }
        let known = entries.filter { $0.first.value >= firstBase }
        for (entry, own) in zip(known, aborted) where entry != own {
            return "the transaction that offset \(own.last.value) aborted is not in it as it was"
        }
        if known.count > aborted.count {
            return "no transaction was aborted at \(known[aborted.count].last.value)"
        }
        if isComplete, known.count < aborted.count {
            return "it lacks the transaction that offset \(aborted[known.count].last.value) aborted"
        }
        return nil
    }

    /// The next segment begins.
    mutating func endSegment() { aborted = [] }

    /// What a snapshot gets wrong; producers that it lacks may have been forgotten, as they wrote nothing for
    /// long.
    private func difference(of snapshot: ProducerSnapshot, at offset: Int64, hasHoles: Bool) -> String? {
        for entry in snapshot.producerEntries {
            let name = "producer \(entry.producerID)"
            guard entry.lastOffset < offset, entry.currentTxnFirstOffset < offset else {
                return "\(name) cannot have written what lies behind it"
            }
            guard let own = producers[entry.producerID] else {
                if hasHoles || max(entry.lastOffset, entry.currentTxnFirstOffset) < firstBase { continue }
                return "\(name) has written nothing"
            }
            if hasHoles {
                guard entry.lastOffset >= own.lastOffset || entry.epoch > own.epoch else {
                    return "\(name) has written up to offset \(own.lastOffset)"
                }
                continue
            }
            guard entry.epoch == own.epoch else { return "\(name) is in epoch \(own.epoch)" }
            // Its last batches may have been deleted; then only markers are left.
            if own.lastOffset >= 0 {
                guard entry.lastSequence == own.lastSequence, entry.lastOffset == own.lastOffset,
                    entry.offsetDelta == own.offsetDelta
                else { return "\(name) has written up to sequence \(own.lastSequence) at \(own.lastOffset)" }
            } else if entry.lastOffset >= firstBase {
                return "\(name) has written nothing in epoch \(own.epoch)"
            }
            let start = entry.currentTxnFirstOffset
            guard start == own.transactionStart ?? -1 || start >= 0 && start < firstBase else {
                let since = own.transactionStart.map { "open since \($0)" }
                return "the transaction of \(name) is \(since ?? "over")"
            }
        }
        return nil
    }
}
