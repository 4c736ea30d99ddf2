// Reads batches where they lie. A RecordBatch borrows the bytes of one batch; a RecordCursor walks
// uncompressed records and gives out positions, never copies. Compressed records are decompressed into a
// buffer of the caller's, within the caller's limit.
internal import Base
package import Compression

/// One batch in borrowed bytes.
package struct RecordBatch: ~Escapable {
    package let header: BatchHeader
    /// Exactly the bytes of the batch.
    package let bytes: RawSpan

    /// The batch at the beginning of `bytes`, which may go on behind it.
    ///
    /// The checksum is not compared.
    @_lifetime(copy bytes)
    package init(reading bytes: RawSpan) throws(RecordError) {
        header = try BatchHeader(reading: bytes)
        guard header.sizeInBytes <= bytes.byteCount else {
            throw .truncated(needed: header.sizeInBytes, available: bytes.byteCount)
        }
        self.bytes = bytes.extracting(0..<header.sizeInBytes)
    }

    /// The records as they are stored, compressed or not.
    package var storedRecords: RawSpan {
        @_lifetime(copy self) get { bytes.extracting(BatchLayout.headerSize..<bytes.byteCount) }
    }

    /// Compares the stored checksum with that of the bytes.
    package func verifyChecksum() throws(RecordError) { try Self.verifyChecksum(ofBatch: bytes) }

    /// The same for the bytes of a whole batch, before anything in them is believed.
    static func verifyChecksum(ofBatch bytes: RawSpan) throws(RecordError) {
        let stored = bytes.integer(at: BatchLayout.checksum, as: UInt32.self)
        let computed = CRC32C.checksum(bytes.extracting(BatchLayout.attributes..<bytes.byteCount))
        guard computed == stored else { throw .checksumMismatch(stored: stored, computed: computed) }
    }

    /// The codec of the records; throws on a number that Kafka never used.
    package func codec() throws(RecordError) -> CompressionCodec {
        guard let codec = header.attributes.codec else { throw .invalidBatch(.codec) }
        return codec
    }

    /// Calls `body` once with the uncompressed records: in place, or decompressed into at most `limitBytes`.
    ///
    /// - Complexity: O(1) for batches that are not compressed, of which nothing is copied.
    package func withRecords<Result>(
        limitBytes: Int, _ body: (RawSpan) throws(RecordError) -> Result
    ) throws(RecordError) -> Result {
        try withRecordsAndFraming(limitBytes: limitBytes) { records, _ throws(RecordError) in
            try body(records)
        }
    }

    /// The same, and whether only some clients can decompress the records (`Decompressed.hasOddFraming`).
    func withRecordsAndFraming<Result>(
        limitBytes: Int, _ body: (RawSpan, _ isOdd: Bool) throws(RecordError) -> Result
    ) throws(RecordError) -> Result {
        let codec = try codec()
        guard codec != .none else { return try body(storedRecords, false) }
        let buffer: Decompressed
        do throws(CompressionError) {
            buffer = try codec.decompressed(storedRecords, limitBytes: limitBytes)
        } catch { throw .compression(error) }
        return try body(buffer.bytes, buffer.hasOddFraming)
    }

    /// Calls `body` with each record and the bytes that its ranges point into, until `body` returns false.
    ///
    /// Nothing is copied but what a codec decompresses:
    ///
    ///     try batch.forEachRecord(limitBytes: limit) { record, bytes in
    ///         keys += record.key == nil ? 0 : 1
    ///         return true
    ///     }
    package func forEachRecord(
        limitBytes: Int, _ body: (RecordView, RawSpan) throws(RecordError) -> Bool
    ) throws(RecordError) {
        try withRecords(limitBytes: limitBytes) { (records: RawSpan) throws(RecordError) in
            var cursor = RecordCursor(header, records: records)
            while let record = try cursor.next() {
                guard try body(record, records) else { return }
            }
        }
    }

    /// Copies of all records, one allocation or more for each: for tools and tests.
    package func records(limitBytes: Int) throws(RecordError) -> [Record] {
        var records: [Record] = []
        records.reserveCapacity(min(Int(header.recordCount), 1024))
        try forEachRecord(limitBytes: limitBytes) { (view, bytes) throws(RecordError) in
            records.append(try Record(view, in: bytes))
            return true
        }
        return records
    }
}

/// Walks batches that lie one behind the other.
package struct BatchCursor: ~Escapable {
    package let bytes: RawSpan
    /// Where the next batch begins.
    package private(set) var position = 0

    /// A cursor at the first batch of `bytes`.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The next batch; nil at the end.
    ///
    /// A batch that is cut off throws `truncated` and the cursor stays in front of it.
    @_lifetime(copy self) @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> RecordBatch? {
        guard position < bytes.byteCount else { return nil }
        let batch = try RecordBatch(reading: bytes.extracting(position..<bytes.byteCount))
        position += batch.header.sizeInBytes
        return batch
    }
}

/// Walks the uncompressed records of one batch and checks the structure of each.
package struct RecordCursor: ~Escapable {
    package let header: BatchHeader
    private var scanner: RecordScanner
    private var index: Int32 = 0

    /// A cursor at the first of `records`, which are uncompressed and belong to `header`.
    @_lifetime(copy records)
    package init(_ header: BatchHeader, records: RawSpan) {
        self.header = header
        scanner = RecordScanner(records)
    }

    /// The next record; nil behind the last.
    ///
    /// Throws on malformed records, and on bytes behind the last.
    @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> RecordView? {
        guard index < header.recordCount else {
            guard scanner.position == scanner.bytes.byteCount else { throw .invalidBatch(.trailingBytes) }
            return nil
        }
        let scanned: ScannedRecord
        do throws(RecordDefect) {
            scanned = try scanner.record()
        } catch { throw .invalidRecord(index: Int(index), error) }
        // Compaction leaves gaps, so only the bounds are certain here; BatchValidator is stricter.
        guard scanned.offsetDelta >= 0, scanned.offsetDelta <= header.lastOffsetDelta else {
            throw .invalidRecord(index: Int(index), .offset)
        }
        index += 1
        return RecordView(scanned, of: header)
    }
}

/// Walks the headers of one record.
package struct HeaderCursor: ~Escapable {
    private var scanner: RecordScanner
    private var remaining: Int

    /// A cursor at the first header of `record`, whose ranges point into `records`.
    @_lifetime(copy records)
    package init(of record: RecordView, in records: RawSpan) {
        scanner = RecordScanner(records.extracting(0..<record.headers.upperBound))
        scanner.position = record.headers.lowerBound
        remaining = record.headerCount
    }

    /// Where name and value of the next header lie; nil behind the last.
    @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> (name: Range<Int>, value: Range<Int>?)? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        do throws(RecordDefect) {
            return try scanner.header(before: scanner.bytes.byteCount)
        } catch { throw .invalidRecord(index: 0, error) }
    }
}

extension RecordView {
    init(_ scanned: ScannedRecord, of header: BatchHeader) {
        self.init(
            offset: header.baseOffset.advanced(by: Int64(scanned.offsetDelta)),
            timestamp: header.timestamp(delta: scanned.timestampDelta),
            key: scanned.keyCount < 0 ? nil : scanned.keyStart..<(scanned.keyStart + scanned.keyCount),
            value: scanned.valueCount < 0
                ? nil : scanned.valueStart..<(scanned.valueStart + scanned.valueCount),
            headers: scanned.headersStart..<scanned.end,
            headerCount: scanned.headerCount,
            bytes: scanned.start..<scanned.end)
    }
}

extension Record {
    /// Copies the record that `view` describes out of the `records` of its batch.
    package init(_ view: RecordView, in records: RawSpan) throws(RecordError) {
        var headers: [RecordHeader] = []
        var cursor = HeaderCursor(of: view, in: records)
        while let header = try cursor.next() {
            headers.append(
                RecordHeader(name: records.copy(header.name), value: header.value.map { records.copy($0) }))
        }
        self.init(
            offset: view.offset, timestamp: view.timestamp, key: view.key.map { records.copy($0) },
            value: view.value.map { records.copy($0) }, headers: headers)
    }
}

extension RawSpan {
    /// A copy of the bytes in `range`; the span's own bounds check traps.
    package func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe extracting(range).withUnsafeBytes { unsafe Array($0) }
    }
}
