// Builds batches of format v2: the broker's own logs, conversions from older formats, recompression and
// tests.
package import Base
package import Compression

/// What a new batch says about itself.
package struct BatchOptions: Sendable {
    package var baseOffset = Offset.zero
    package var leaderEpoch = LeaderEpoch(-1)
    package var codec = CompressionCodec.none
    /// The level of the codec; nil for its default.
    package var level: Int?
    /// With `logAppendTime`, the time of the append.
    package var appendTime: Timestamp?
    package var producerID = ProducerID.none
    package var producerEpoch: Int16 = -1
    package var baseSequence: Int32 = -1
    package var isTransactional = false
    package var isControl = false
    /// What timestamps count from; nil for the timestamp of the first record, as Kafka does.
    package var baseTimestamp: Timestamp?
    /// From when compaction may drop the batch's tombstones and markers (KIP-534); it takes the place of
    /// `baseTimestamp`.
    package var deleteHorizon: Timestamp?

    /// A plain batch at offset 0.
    package init() {}

    /// What `header` says, for a batch that takes its place, with records in `codec`.
    package init(_ header: BatchHeader, codec: CompressionCodec) {
        baseOffset = header.baseOffset
        leaderEpoch = header.leaderEpoch
        self.codec = codec
        if header.attributes.timestampType == .logAppendTime { appendTime = header.maxTimestamp }
        producerID = header.producerID
        producerEpoch = header.producerEpoch
        baseSequence = header.baseSequence
        isTransactional = header.attributes.isTransactional
        isControl = header.attributes.isControl
    }
}

/// A batch under construction.
package struct BatchBuilder: Sendable {
    package let options: BatchOptions
    /// How many records were appended.
    package private(set) var recordCount: Int32 = 0
    private var writer: ByteWriter
    private var baseTimestamp: Timestamp?
    private var maxTimestamp = Timestamp.none
    private var lastOffsetDelta: Int32 = -1

    /// An empty batch.
    package init(_ options: BatchOptions = BatchOptions()) {
        self.options = options
        baseTimestamp = options.deleteHorizon ?? options.baseTimestamp
        writer = ByteWriter()
        writer.bytes.append(contentsOf: repeatElement(0, count: BatchLayout.headerSize))
    }

    /// The size of the batch before compression.
    package var sizeInBytes: Int { writer.count }

    /// Appends a record behind the last one.
    package mutating func append(
        timestamp: Timestamp, key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = []
    ) {
        append(
            offsetDelta: lastOffsetDelta + 1, timestamp: timestamp, key: key, value: value, headers: headers)
    }

    /// Appends a record at `offsetDelta` from the base offset, which must be greater than that of the record
    /// before.
    package mutating func append(
        offsetDelta: Int32, timestamp: Timestamp, key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = []
    ) {
        var fields = RecordFields(key: key.map(\.count), value: value.map(\.count))
        fields.headerBytes = unsignedVarintSize(UInt64(headers.count) << 1)
        for header in headers {
            fields.headerBytes += nullableSize(header.name.count) + nullableSize(header.value?.count)
        }
        begin(offsetDelta: offsetDelta, timestamp: timestamp, fields)
        writer.nullable(key)
        writer.nullable(value)
        writer.signedVarint(Int64(headers.count))
        for header in headers {
            writer.nullable(header.name)
            writer.nullable(header.value)
        }
    }

    /// Appends the record that `view` describes in `records`, at its own offset or behind the last one.
    package mutating func append(
        _ view: RecordView, in records: RawSpan, offsetDelta: Int32? = nil
    ) {
        var fields = RecordFields(key: view.key?.count, value: view.value?.count)
        fields.headerBytes = unsignedVarintSize(UInt64(view.headerCount) << 1) + view.headers.count
        begin(offsetDelta: offsetDelta ?? lastOffsetDelta + 1, timestamp: view.timestamp, fields)
        writer.nullable(view.key, in: records)
        writer.nullable(view.value, in: records)
        writer.signedVarint(Int64(view.headerCount))
        writer.raw(records.extracting(view.headers))
    }

    private struct RecordFields {
        let key: Int?
        let value: Int?
        var headerBytes = 1

        init(key: Int?, value: Int?) {
            self.key = key
            self.value = value
        }
    }

    private mutating func begin(offsetDelta: Int32, timestamp: Timestamp, _ fields: RecordFields) {
        precondition(
            offsetDelta > lastOffsetDelta,
            "the caller of BatchBuilder appends records in the order of their offsets")
        lastOffsetDelta = offsetDelta
        recordCount += 1
        let base = baseTimestamp ?? timestamp
        baseTimestamp = base
        maxTimestamp = max(maxTimestamp, timestamp)
        let delta = timestamp.milliseconds &- base.milliseconds
        let size =
            1 + signedVarintSize(delta) + signedVarintSize(Int64(offsetDelta)) + nullableSize(fields.key)
            + nullableSize(fields.value) + fields.headerBytes
        writer.signedVarint(Int64(size))
        writer.integer(Int8(0))
        writer.signedVarint(delta)
        writer.signedVarint(Int64(offsetDelta))
    }

    /// The finished batch; its last offset is `lastOffsetDelta` from its base if that is given (gaps at the
    /// end are legal).
    ///
    /// Throws only where a compression library does.
    package consuming func finish(lastOffsetDelta: Int32? = nil) throws(CompressionError) -> [UInt8] {
        let options = options
        var attributes = BatchAttributes(
            codec: options.codec, isTransactional: options.isTransactional, isControl: options.isControl)
        attributes.hasDeleteHorizon = options.deleteHorizon != nil
        if options.appendTime != nil { attributes.timestampType = .logAppendTime }
        var bytes = writer.bytes
        if options.codec != .none {
            let compressed = try unsafe options.codec.compress(
                bytes.span.bytes.extracting(BatchLayout.headerSize...), level: options.level)
            bytes.removeSubrange(BatchLayout.headerSize...)
            bytes.append(contentsOf: compressed)
        }
        let last = max(lastOffsetDelta ?? self.lastOffsetDelta, 0)
        let count = recordCount
        let base = baseTimestamp ?? .none
        let greatest = options.appendTime ?? maxTimestamp
        var span = bytes.mutableSpan
        var batch = unsafe span.mutableBytes
        batch.store(options.baseOffset.value, at: BatchLayout.baseOffset)
        batch.store(Int32(batch.byteCount - BatchLayout.lengthOverhead), at: BatchLayout.length)
        batch.store(options.leaderEpoch.value, at: BatchLayout.leaderEpoch)
        batch.store(BatchLayout.currentMagic, at: BatchLayout.magic)
        batch.store(attributes.rawValue, at: BatchLayout.attributes)
        batch.store(last, at: BatchLayout.lastOffsetDelta)
        batch.store(base.milliseconds, at: BatchLayout.baseTimestamp)
        batch.store(greatest.milliseconds, at: BatchLayout.maxTimestamp)
        batch.store(options.producerID.value, at: BatchLayout.producerID)
        batch.store(options.producerEpoch, at: BatchLayout.producerEpoch)
        batch.store(options.baseSequence, at: BatchLayout.baseSequence)
        batch.store(count, at: BatchLayout.recordCount)
        BatchStamp.checksum(in: &batch)
        return bytes
    }
}

private func nullableSize(_ count: Int?) -> Int {
    guard let count else { return 1 }
    return signedVarintSize(Int64(count)) + count
}

extension ByteWriter {
    fileprivate mutating func nullable(_ bytes: [UInt8]?) {
        signedVarint(Int64(bytes?.count ?? -1))
        if let bytes { raw(bytes) }
    }

    fileprivate mutating func nullable(_ range: Range<Int>?, in bytes: RawSpan) {
        signedVarint(Int64(range?.count ?? -1))
        if let range { raw(bytes.extracting(range)) }
    }
}
