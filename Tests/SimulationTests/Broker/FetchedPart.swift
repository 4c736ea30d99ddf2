// What a fetch gave of one partition, read as consumers read it: markers are no records, and who wants
// committed records only leaves out those of the transactions that the reply names as aborted.
import Base
import Protocol
import Records

/// A record, or the end of a transaction.
struct FetchedRecord {
    let offset: Int64
    /// -1 for what no client wrote.
    let number: Int
    /// Who wrote it, if it belongs to a transaction.
    var producer: FoundProducer?
    /// Whether a reader of committed records leaves it out.
    var isAborted = false
    var marker: FoundMarker?

    var isTransactional: Bool { producer != nil || marker != nil }
}

/// What a fetch gave of one partition.
struct FetchedPart {
    let error: ErrorCode
    let highWatermark: Int64
    let lastStable: Int64
    let logStart: Int64
    /// Whether only committed records were asked for.
    let isCommitted: Bool
    private(set) var records: [FetchedRecord] = []

    /// Where what was asked for ends.
    var end: Int64 { isCommitted ? lastStable : highWatermark }

    /// What `data` says; the records that are there whole.
    init(_ data: FetchResponse.PartitionData, isCommitted: Bool) throws {
        error = ErrorCode(of: data.errorCode)
        highWatermark = data.highWatermark
        lastStable = data.lastStableOffset
        logStart = data.logStartOffset
        self.isCommitted = isCommitted
        guard case .bytes(let bytes) = data.records else { return }
        var aborted = AbortedRanges(data.abortedTransactions ?? [])
        var position = 0
        while position < bytes.count {
            let rest = bytes.span.bytes.extracting(position...)
            guard let header = try? BatchHeader(reading: rest), header.sizeInBytes <= bytes.count - position
            else { break }
            let batch = try RecordBatch(reading: rest.extracting(..<header.sizeInBytes))
            try batch.verifyChecksum()
            aborted.reach(header.lastOffset.value)
            if header.attributes.isControl {
                try takeMarkers(batch, &aborted)
            } else {
                let isTransactional = header.attributes.isTransactional
                let producer = FoundProducer(id: header.producerID.value, epoch: header.producerEpoch)
                let isAborted = isTransactional && aborted.contains(header.producerID.value)
                for record in try batch.records(limitBytes: 1 << 20) {
                    records.append(
                        FetchedRecord(
                            offset: record.offset.value, number: RecordValue.number(of: record.value ?? []),
                            producer: isTransactional ? producer : nil, isAborted: isAborted))
                }
            }
            position += header.sizeInBytes
        }
    }

    private mutating func takeMarkers(_ batch: borrowing RecordBatch, _ aborted: inout AbortedRanges) throws {
        let header = batch.header
        for record in try ControlRecords.read(batch) {
            let isCommit = record.type == .commit
            if !isCommit { aborted.end(header.producerID.value) }
            records.append(
                FetchedRecord(
                    offset: record.offset.value, number: -1,
                    marker: FoundMarker(
                        producer: FoundProducer(id: header.producerID.value, epoch: header.producerEpoch),
                        isCommit: isCommit)))
        }
    }
}

/// The transactions of a reply that were aborted, as a consumer goes through them.
private struct AbortedRanges {
    private var coming: [FetchResponse.AbortedTransaction]
    private var open: Set<Int64> = []

    init(_ aborted: [FetchResponse.AbortedTransaction]) {
        coming = aborted.sorted { $0.firstOffset < $1.firstOffset }
    }

    mutating func reach(_ offset: Int64) {
        while let first = coming.first, first.firstOffset <= offset {
            open.insert(first.producerID)
            coming.removeFirst()
        }
    }

    mutating func end(_ producer: Int64) { open.remove(producer) }
    func contains(_ producer: Int64) -> Bool { open.contains(producer) }
}
