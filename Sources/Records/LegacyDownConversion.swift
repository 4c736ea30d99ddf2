// What a consumer of Kafka 0.8 to 0.10 can read (Fetch v0–3): batches of format v2 become messages of magic 0
// or 1. Headers and producer fields are lost, control batches are left out, offsets stay. A compressed batch
// becomes one compressed message.
package import Base
package import Compression

extension LegacyMessages {
    /// The codec of batches in zstd, which no client of these formats knows.
    package static let replacementForZstd = CompressionCodec.gzip

    /// The batches of format v2 in `batches` as a message set of `magic` 0 or 1.
    ///
    /// Records before `start` are left out of uncompressed batches; compressed ones stay whole, as clients
    /// skip what they did not ask for. A batch that is cut off at the end is left out. `limitBytes` bounds
    /// the records of each compressed batch.
    ///
    /// - Complexity: every record is copied once, and compressed batches are decompressed and compressed
    /// again: a
    ///   hundred times what handing out the stored bytes costs.
    package static func convertDown(
        _ batches: RawSpan, to magic: Int8, from start: Offset, limitBytes: Int
    ) throws(RecordError) -> [UInt8] {
        precondition(
            magic == 0 || magic == 1, "the caller converts down to the formats that are older than v2")
        var result = ByteWriter(capacity: batches.byteCount)
        var position = 0
        while position < batches.byteCount {
            let batch: RecordBatch
            do throws(RecordError) {
                batch = try RecordBatch(reading: batches.extracting(position...))
            } catch .truncated { break }
            position += batch.header.sizeInBytes
            if batch.header.attributes.isControl { continue }
            try convertDown(batch, to: magic, from: start, limitBytes: limitBytes, into: &result)
        }
        return result.bytes
    }

    private static func convertDown(
        _ batch: borrowing RecordBatch, to magic: Int8, from start: Offset, limitBytes: Int,
        into result: inout ByteWriter
    ) throws(RecordError) {
        let codec = try batch.codec()
        let isPlain = codec == .none
        var writer = LegacyWriter(magic: magic, timestampType: batch.header.attributes.timestampType)
        var last: Offset?
        var base: Offset?
        try batch.forEachRecord(limitBytes: limitBytes) { (record, records) in
            guard !isPlain || record.offset >= start else { return true }
            let first = base ?? record.offset
            base = first
            last = record.offset
            let isRelative = !isPlain && magic == 1
            writer.append(
                record, in: records, offset: isRelative ? Offset(record.offset - first) : record.offset)
            return true
        }
        guard let last else { return }
        guard !isPlain else {
            result.raw(writer.bytes)
            return
        }
        let target = codec == .zstd ? replacementForZstd : codec
        let value: [UInt8]
        do throws(CompressionError) {
            value = try unsafe target.compress(
                writer.bytes.span.bytes, dialect: magic == 0 ? .magic0 : .current)
        } catch { throw .compression(error) }
        var wrapper = LegacyWriter(magic: magic, timestampType: batch.header.attributes.timestampType)
        wrapper.append(
            offset: last, timestamp: batch.header.maxTimestamp, codec: target, key: nil, value: value)
        result.raw(wrapper.bytes)
    }
}

/// Writes messages of magic 0 and 1, one behind the other.
package struct LegacyWriter: Sendable {
    package let magic: Int8
    package let timestampType: TimestampType
    private var writer = ByteWriter()

    /// An empty set of messages of `magic` 0 or 1; `timestampType` matters to magic 1 only.
    package init(magic: Int8, timestampType: TimestampType = .createTime) {
        self.magic = magic
        self.timestampType = timestampType
    }

    /// What was written.
    package var bytes: [UInt8] { writer.bytes }

    /// Appends a message from its parts.
    package mutating func append(
        offset: Offset, timestamp: Timestamp, codec: CompressionCodec = .none, key: [UInt8]?, value: [UInt8]?
    ) {
        let start = begin(
            offset: offset, timestamp: timestamp, codec: codec, size: (key?.count ?? 0) + (value?.count ?? 0))
        writer.integer(Int32(key?.count ?? -1))
        if let key { writer.raw(key) }
        writer.integer(Int32(value?.count ?? -1))
        if let value { writer.raw(value) }
        finish(from: start)
    }

    /// Appends the record that `view` describes in `records` at `offset`, without its headers.
    package mutating func append(_ view: RecordView, in records: RawSpan, offset: Offset) {
        let start = begin(
            offset: offset, timestamp: view.timestamp, codec: .none,
            size: (view.key?.count ?? 0) + (view.value?.count ?? 0))
        for range in [view.key, view.value] {
            writer.integer(Int32(range?.count ?? -1))
            if let range { writer.raw(records.extracting(range)) }
        }
        finish(from: start)
    }

    private mutating func begin(offset: Offset, timestamp: Timestamp, codec: CompressionCodec, size: Int)
        -> Int
    {
        let start = writer.count
        writer.integer(offset.value)
        writer.integer(Int32(LegacyLayout.overhead(magic: magic) - LegacyLayout.lengthOverhead + size))
        writer.integer(UInt32(0))  // the checksum, once the rest is there
        writer.integer(magic)
        writer.integer(codec.rawValue | (magic == 0 ? 0 : timestampType.rawValue << 3))
        if magic == 1 { writer.integer(timestamp.milliseconds) }
        return start
    }

    private mutating func finish(from start: Int) {
        let checksum = unsafe CRC32.checksum(
            writer.bytes.span.bytes.extracting((start + LegacyLayout.magic)...))
        writer.replace(at: start + LegacyLayout.checksum, with: checksum)
    }
}
