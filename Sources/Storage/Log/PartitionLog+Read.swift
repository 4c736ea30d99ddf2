// Reading a log. Each lookup comes in two forms: one that answers at once and may wait for the disk while it
// looks, and one for event loops, which answers later from the pool where it would have to wait.
package import Base

/// How far a read may go.
package enum ReadLimit: Sendable {
    /// Everything durable.
    case highWatermark
    /// Everything durable but open transactions and what follows them.
    case lastStable
    /// Everything, also what a crash may take back: for replicas and tools.
    case logEnd
}

extension LogBounds {
    /// The offset at which a read with this limit ends.
    package func offset(of limit: ReadLimit) -> Offset {
        switch limit {
        case .highWatermark: highWatermark
        case .lastStable: lastStable
        case .logEnd: logEnd
        }
    }
}

/// Why a slice goes no further.
package enum SliceEnd: Sendable {
    /// There was nothing more that the reader may see.
    case limit
    /// More is there already, in the next file.
    case file
    /// More is there already, but no more bytes were wanted.
    case bytesMax
}

/// Bytes to be sent to a reader, and the bounds when they were found.
package struct LogSlice: Sendable {
    /// What to read from; it stays readable when the log is deleted.
    package var source: any StoredBytes
    /// The first byte in the source.
    package var position: Int64
    /// Bytes, 0 where there is nothing to read yet; the last batch may be cut off.
    package var length: Int
    package var bounds: LogBounds
    /// Why it goes no further.
    package var end: SliceEnd
    /// For reads up to the last stable offset: the aborted transactions that may have records in the slice.
    package var aborted: [AbortedTransaction] = []

    init(_ range: StoredRange?, _ bounds: LogBounds, end: SliceEnd) {
        source = range?.source ?? NoBytes.shared
        position = range?.position ?? 0
        length = range?.length ?? 0
        self.bounds = bounds
        self.end = end
    }

    /// What to call the source in an error.
    package var place: String { source.place }

    /// No bytes of a log with these bounds, for a reader that gets none.
    package init(emptyWithin bounds: LogBounds) { self.init(nil, bounds, end: .limit) }

    /// Makes `buffer` hold the bytes of the slice, waiting for the disk.
    package func copy(into buffer: inout [UInt8]) throws(StorageError) {
        buffer = try copy(length, at: 0)
    }

    /// `count` bytes of the slice from `start` on, waiting for the disk.
    package func copy(_ count: Int, at start: Int) throws(StorageError) -> [UInt8] {
        let bytes = count == 0 ? [] : try source.bytes(count, at: position + Int64(start))
        guard bytes.count == count else {
            throw .corrupt(path: source.place, position: position, reason: "the file is shorter than its log")
        }
        return bytes
    }
}

/// The source of empty slices.
private final class NoBytes: StoredBytes {
    static let shared = NoBytes()
    let place = "nothing"
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    { .read(0) }
}

extension PartitionLog {
    /// Finds what a reader gets who wants the record at `offset`: one range of a file, beginning with its
    /// batch.
    ///
    /// The last batch may be cut at `maxBytes`; `firstBatch` says what becomes of the first. Between the
    /// limit and the end of the log the slice is empty. Waits for the disk where indexes are not cached.
    /// - Throws: `.offsetOutOfRange`, `.closed`, `.io`, `.corrupt`.
    /// - Complexity: no I/O where the offset was read or synced up to lately; else an index search and a few
    ///   headers.
    package func read(
        from offset: Offset, maxBytes: Int, upTo limit: ReadLimit = .highWatermark,
        firstBatch: LargeFirstBatch = .whole
    ) throws(StorageError) -> LogSlice {
        let bounds = self.bounds
        guard var request = try request(offset, maxBytes, limit, firstBatch, bounds) else {
            return LogSlice(nil, bounds, end: offset < bounds.offset(of: limit) ? .bytesMax : .limit)
        }
        request.mayWait = true
        return slice(try store.read(request).wait(), offset, limit, bounds)
    }

    /// The same for event loops: answers from the pool where finding the place would wait for the disk.
    package func readEventually(
        from offset: Offset, maxBytes: Int, upTo limit: ReadLimit = .highWatermark,
        firstBatch: LargeFirstBatch = .whole
    ) throws(StorageError) -> Eventually<LogSlice> {
        let bounds = self.bounds
        guard let request = try request(offset, maxBytes, limit, firstBatch, bounds) else {
            return .now(LogSlice(nil, bounds, end: offset < bounds.offset(of: limit) ? .bytesMax : .limit))
        }
        switch try store.read(request) {
        case .now(let range): return .now(slice(range, offset, limit, bounds))
        case .later(let pending):
            return Eventually.later(pending).map { self.slice($0, offset, limit, bounds) }
        }
    }

    private func slice(
        _ range: StoredRange?, _ offset: Offset, _ limit: ReadLimit, _ bounds: LogBounds
    ) -> LogSlice {
        let goesOn = range.map { $0.below < bounds.offset(of: limit) } ?? false
        let end: SliceEnd = range?.isCut ?? false ? .bytesMax : goesOn ? .file : .limit
        guard range?.length != 0 else { return LogSlice(nil, bounds, end: .bytesMax) }
        var slice = LogSlice(range, bounds, end: end)
        if case .lastStable = limit, let range, range.length > 0 {
            slice.aborted = state.withLock { $0.aborted.overlapping(from: offset, below: range.below) }
        }
        return slice
    }

    /// Nil where the answer is an empty slice.
    private func request(
        _ offset: Offset, _ maxBytes: Int, _ limit: ReadLimit, _ firstBatch: LargeFirstBatch,
        _ bounds: LogBounds
    ) throws(StorageError) -> StoreRead? {
        guard offset >= bounds.logStart, offset <= bounds.logEnd else {
            throw .offsetOutOfRange(requested: offset, start: bounds.logStart, end: bounds.logEnd)
        }
        let end = bounds.offset(of: limit)
        guard offset < end, maxBytes > 0 || firstBatch == .whole else { return nil }
        return StoreRead(
            from: offset, limit: end, bytesMax: max(0, maxBytes), firstBatch: firstBatch)
    }

    /// The first record at `timestamp` or later, below the limit.
    ///
    /// Exact inside batches, compressed ones too. Waits for the disk, and decompresses.
    ///
    /// - Complexity: a search of the time index, then all headers up to the next entry of the index, and the
    /// records of
    ///   one batch.
    package func offset(
        forTimestamp timestamp: Timestamp, upTo limit: ReadLimit = .highWatermark
    ) throws(StorageError) -> TimestampHit? {
        try store.find(.atOrAfter(timestamp), below: bounds.offset(of: limit), mayWait: true).wait()
    }

    /// The first record with the greatest timestamp of all below the limit (KIP-734); nil for an empty log.
    ///
    /// Waits for the disk, and decompresses.
    package func offsetOfMaxTimestamp(
        upTo limit: ReadLimit = .highWatermark
    ) throws(StorageError) -> TimestampHit? {
        try store.find(.greatest, below: bounds.offset(of: limit), mayWait: true).wait()
    }
}
