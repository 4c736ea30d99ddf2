// Which records compaction keeps (the rules of Kafka's Cleaner). A record goes when a later one has its key,
// a tombstone or a marker some time after it has nothing left to say, and everything of an aborted
// transaction at once. Batches keep offsets, timestamps and sequence numbers; one that a producer's state
// rests on stays even without records.
internal import Base
internal import Records
internal import Storage

/// What becomes of a batch.
enum CompactedBatch {
    case dropped
    case unchanged
    case rewritten([UInt8])
}

/// Decides batch after batch, in the order of the log.
struct CompactionFilter {
    let map: CompactionMap
    let outcomes: TransactionOutcomes
    let producers: [Int64: LastOfProducer]
    let now: Timestamp
    /// `delete.retention.ms`.
    let deleteRetention: Int64
    /// Producers of whose transaction a batch was seen since their last marker.
    private var seen: Set<Int64> = []
    /// The last offset of the part that is compacted: its batch stays, so that the part keeps its end.
    let lastOffset: Offset

    init(
        map: CompactionMap, outcomes: TransactionOutcomes, producers: [Int64: LastOfProducer],
        now: Timestamp, deleteRetention: Int64, lastOffset: Offset
    ) {
        self.map = map
        self.outcomes = outcomes
        self.producers = producers
        self.now = now
        self.deleteRetention = deleteRetention
        self.lastOffset = lastOffset
    }

    /// What becomes of `batch`.
    mutating func apply(_ batch: borrowing RecordBatch) throws(RecordError) -> CompactedBatch {
        let header = batch.header
        let isHorizonPassed = header.attributes.hasDeleteHorizon && header.baseTimestamp <= now
        var isDiscarded: Bool
        // A marker of which nothing is left gets a horizon, as a tombstone does.
        var needsHorizon = false
        if header.attributes.isControl {
            let isEmpty = header.recordCount == 0 ? true : try mayDropMarker(batch)
            isDiscarded = isEmpty && isHorizonPassed
            needsHorizon = isEmpty
        } else {
            if header.attributes.isTransactional { seen.insert(header.producerID.value) }
            isDiscarded = outcomes.isAborted(header)
        }
        let kept = isDiscarded ? nil : try keep(batch, isHorizonPassed: isHorizonPassed)
        if let kept, kept.count > 0 {
            needsHorizon = (needsHorizon || kept.hasTombstone) && !header.attributes.hasDeleteHorizon
            if kept.count == header.recordCount, !needsHorizon { return .unchanged }
            return .rewritten(try rewrite(batch, kept, newHorizon: needsHorizon))
        }
        guard isLast(of: header) || header.lastOffset == lastOffset else { return .dropped }
        return header.recordCount == 0 ? .unchanged : .rewritten(batch.emptied())
    }

    /// Whether nothing of the marker's transaction was seen.
    private mutating func mayDropMarker(_ batch: borrowing RecordBatch) throws(RecordError) -> Bool {
        guard let type = try ControlRecords.read(batch).first?.type, type == .abort || type == .commit else {
            return false
        }
        return seen.remove(batch.header.producerID.value) == nil
    }

    /// Whether the state of the batch's producer rests on it.
    private func isLast(of header: BatchHeader) -> Bool {
        guard header.hasProducerID, let last = producers[header.producerID.value] else { return false }
        if let batch = last.batch { return header.lastOffset == batch }
        return header.attributes.isControl && header.producerEpoch == last.epoch
    }

    private struct Kept {
        var count: Int32 = 0
        var hasTombstone = false
        /// Which records of the batch, by their number.
        var isKept: [Bool] = []
    }

    private func keep(
        _ batch: borrowing RecordBatch, isHorizonPassed: Bool
    ) throws(RecordError) -> Kept {
        let header = batch.header
        var kept = Kept()
        kept.isKept.reserveCapacity(Int(min(header.recordCount, 1 << 16)))
        try batch.forEachRecord(limitBytes: StorageLimits.decompressedBytesMax) { record, bytes in
            let isKept = header.attributes.isControl || keeps(record, in: bytes, isHorizonPassed)
            kept.isKept.append(isKept)
            if isKept {
                kept.count += 1
                if record.value == nil { kept.hasTombstone = true }
            }
            return true
        }
        return kept
    }

    private func keeps(_ record: RecordView, in bytes: RawSpan, _ isHorizonPassed: Bool) -> Bool {
        if record.offset > map.latest { return true }
        // Produce refuses records without a key; older ones go, as nothing could ever replace them.
        guard let key = record.key else { return false }
        if let last = map.last(of: bytes.extracting(key)), record.offset < last { return false }
        return record.value != nil || !isHorizonPassed
    }

    private func rewrite(
        _ batch: borrowing RecordBatch, _ kept: Kept, newHorizon: Bool
    ) throws(RecordError) -> [UInt8] {
        var horizon = batch.header.attributes.hasDeleteHorizon ? batch.header.baseTimestamp : nil
        if newHorizon {
            let (end, overflows) = now.milliseconds.addingReportingOverflow(deleteRetention)
            horizon = Timestamp(milliseconds: overflows ? .max : end)
        }
        return try batch.reduced(
            to: kept.isKept, deleteHorizon: horizon, limitBytes: StorageLimits.decompressedBytesMax)
    }
}
