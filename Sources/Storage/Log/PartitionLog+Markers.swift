// The ends of transactions, as a log that is being opened reads them.
internal import Base
internal import Records

extension PartitionLog {
    /// What the control batch with `header` says of a transaction; nil for any other batch, and for one that
    /// cannot be read.
    static func marker(
        _ header: BatchHeader, in store: any LogStore
    ) throws(StorageError) -> EndTransactionMarker? {
        guard header.attributes.isControl, header.hasProducerID else { return nil }
        var request = StoreRead(
            from: header.baseOffset, limit: header.nextOffset, bytesMax: header.sizeInBytes,
            firstBatch: .cut)
        request.mayWait = true
        guard let range = try store.read(request).wait() else { return nil }
        let bytes = try range.source.bytes(range.length, at: range.position)
        return EndTransactionMarker(bytes.rawSpan, header)
    }
}

extension EndTransactionMarker {
    /// The marker that the batch `bytes` holds; nil if it holds none.
    init?(_ bytes: RawSpan, _ header: BatchHeader) {
        guard header.attributes.isControl, let batch = try? RecordBatch(reading: bytes),
            let record = try? ControlRecords.read(batch).first
        else { return nil }
        guard let marker = try? EndTransactionMarker(type: record.type, value: record.value.rawSpan) else {
            return nil
        }
        self = marker
    }
}
