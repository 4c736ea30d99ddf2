// Reading the metadata log batch by batch, for its replay and for snapshots of it.
internal import Base
internal import Records
internal import Storage

extension PartitionLog {
    /// Bytes that are read at a time.
    private static let walkChunkBytes = 1 << 20

    /// Calls `body` with every batch that ends behind `start`, up to `end`, which a batch must end at.
    ///
    /// - Throws: also if the log is damaged, or if `body` cannot understand a batch.
    func walkMetadata(
        from start: Offset, to end: Offset, _ body: (borrowing RecordBatch) throws -> Void
    ) throws(MetadataError) {
        var next = start
        var buffer: [UInt8] = []
        while next < end {
            do throws(StorageError) {
                let slice = try read(
                    from: next, maxBytes: Self.walkChunkBytes, upTo: .logEnd, wholeFirstBatch: true)
                try slice.copy(into: &buffer)
            } catch {
                throw MetadataError(description: "cannot read the metadata log: \(error)")
            }
            let reached = try unsafe Self.visit(buffer.span.bytes, from: next, to: end, body)
            guard reached > next else {
                throw MetadataError(
                    description: "the metadata log ends at offset \(next.value), not at \(end.value)")
            }
            next = reached
        }
    }

    /// Visits the whole batches in `bytes`; the offset after the last of them.
    private static func visit(
        _ bytes: RawSpan, from start: Offset, to end: Offset,
        _ body: (borrowing RecordBatch) throws -> Void
    ) throws(MetadataError) -> Offset {
        var cursor = BatchCursor(bytes)
        var next = start
        do {
            while next < end, let batch = try cursor.next() {
                if batch.header.nextOffset <= start { continue }
                next = batch.header.nextOffset
                try body(batch)
            }
        } catch RecordError.truncated {
            // The chunk ended in the middle of a batch, which the next chunk brings whole.
        } catch {
            throw MetadataError(
                description: "the metadata log is damaged after offset \(next.value): \(error)")
        }
        return next
    }
}
