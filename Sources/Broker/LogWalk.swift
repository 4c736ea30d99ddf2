// Reading a log of the broker's own batch by batch: the metadata log, and those of coordinators.
internal import Base
internal import Records
internal import Storage

/// Why a log could not be read to its end; the sentence goes on behind the log's name.
struct LogWalkError: Error, CustomStringConvertible {
    let description: String
}

extension PartitionLog {
    /// Bytes that are read at a time.
    private static let walkChunkBytes = 1 << 20

    /// Calls `body` with every batch that ends behind `start`, up to `end`, which a batch must end at.
    ///
    /// Waits for the disk.
    /// - Throws: also if a batch is damaged, or `body` cannot understand one.
    func walkBatches(
        from start: Offset, to end: Offset, _ body: (borrowing RecordBatch) throws -> Void
    ) throws(LogWalkError) {
        var next = start
        var buffer: [UInt8] = []
        var place = ""
        while next < end {
            do throws(StorageError) {
                let slice = try read(
                    from: next, maxBytes: Self.walkChunkBytes, upTo: .logEnd, firstBatch: .whole)
                try slice.copy(into: &buffer)
                place = "\(slice.place), read from byte \(slice.position)"
            } catch {
                throw LogWalkError(description: "cannot be read: \(error)")
            }
            let reached = try unsafe Self.visit(buffer.span.bytes, from: next, to: end, place, body)
            guard reached > next else {
                throw LogWalkError(description: "ends at offset \(next.value), not at \(end.value)")
            }
            next = reached
        }
    }

    /// Visits the whole batches in `bytes`; the offset after the last of them.
    private static func visit(
        _ bytes: RawSpan, from start: Offset, to end: Offset, _ place: String,
        _ body: (borrowing RecordBatch) throws -> Void
    ) throws(LogWalkError) -> Offset {
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
            throw LogWalkError(description: "is damaged behind offset \(next.value) (\(place)): \(error)")
        }
        return next
    }
}
