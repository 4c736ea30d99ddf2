// Every batch file that Apache Kafka wrote is read field by field, and written back to the same bytes where
// compression allows it.
import Base
import Compression
import Records
import Testing

private let limitBytes = 16 << 20

@Test("a batch of Kafka's is read field by field", arguments: GoldenFile.current)
func goldenBatchesAreRead(file: GoldenFile) throws {
    let bytes = file.bytes
    var cursor = BatchCursor(bytes.span.bytes)
    for expected in file.batches {
        guard let batch = try cursor.next() else {
            Issue.record("a batch is missing")
            return
        }
        try batch.verifyChecksum()
        let header = batch.header
        #expect(header.baseOffset.value == expected.baseOffset)
        #expect(header.lastOffset.value == expected.lastOffset)
        #expect(header.sizeInBytes == expected.sizeInBytes)
        #expect(header.maxTimestamp.milliseconds == expected.maxTimestamp)
        #expect(header.producerID.value == expected.producerId)
        #expect(header.producerEpoch == expected.producerEpoch)
        #expect(header.baseSequence == expected.baseSequence)
        #expect(header.leaderEpoch.value == expected.partitionLeaderEpoch)
        #expect(header.attributes.isTransactional == expected.transactional)
        #expect(header.attributes.isControl == expected.control)
        #expect(header.attributes.codec == expected.codec)
        #expect((header.attributes.timestampType == .logAppendTime) == expected.isLogAppendTime)
        #expect(try batch.records(limitBytes: limitBytes) == expected.records.map(\.record))
    }
    #expect(cursor.position == bytes.count)
}

@Test("a batch of Kafka's is built again to the same bytes", arguments: GoldenFile.current)
func goldenBatchesAreWritten(file: GoldenFile) throws {
    let bytes = file.bytes
    var cursor = BatchCursor(bytes.span.bytes)
    while let batch = try cursor.next() {
        let rebuilt = try rebuild(batch)
        if try batch.codec() == .none {
            #expect(rebuilt == batch.bytes.copy(0..<batch.bytes.byteCount))
            continue
        }
        // Encoders of different versions compress differently; what they compressed must be the same, and so
        // must the header.
        let other = try RecordBatch(reading: rebuilt.span.bytes)
        try other.verifyChecksum()
        var header = other.header
        header.length = batch.header.length
        header.checksum = batch.header.checksum
        #expect(header == batch.header)
        #expect(try uncompressed(other) == uncompressed(batch))
    }
}

@Test("a batch of a client of Kafka's is accepted", arguments: GoldenFile.current)
func goldenBatchesAreValid(file: GoldenFile) throws {
    var rules = BatchRules()
    rules.acceptsControl = true
    let bytes = file.bytes
    let summary = try BatchValidator(rules).validate(
        bytes.span.bytes, now: Timestamp(milliseconds: 1_700_000_000_000))
    let records = file.batches[0].records
    #expect(summary.recordCount == Int32(records.count))
    if !file.batches[0].isLogAppendTime {
        let latest = records.map(\.timestamp).max() ?? -1
        #expect(summary.maxTimestamp.milliseconds == latest)
        #expect(!summary.needsMaxTimestamp)
        #expect(Int(summary.offsetDeltaOfMaxTimestamp) == records.firstIndex { $0.timestamp == latest })
    }
}

@Test("a message set of magic 0 or 1 is read record by record", arguments: GoldenFile.legacy)
func goldenMessagesAreRead(file: GoldenFile) throws {
    let bytes = file.bytes
    var shallow = LegacyCursor(bytes.span.bytes)
    for expected in file.batches {
        let message = try #require(try shallow.next())
        #expect(message.magic == expected.magic)
        #expect(message.codec == expected.codec)
        #expect(message.view.offset.value == expected.lastOffset)
        #expect(message.view.bytes.count == expected.sizeInBytes)
        #expect(message.view.timestamp.milliseconds == expected.maxTimestamp)
        #expect((message.timestampType == .logAppendTime) == expected.isLogAppendTime)
    }
    #expect(try shallow.next() == nil)
    var records: [Record] = []
    try LegacyMessages.forEachRecord(in: bytes.span.bytes, limitBytes: limitBytes) {
        (message, set) throws(RecordError) in
        records.append(try Record(message.view, in: set))
    }
    #expect(records == file.batches.flatMap { $0.records.map(\.record) })
}

@Test("a message set of magic 0 or 1 is written to the same bytes", arguments: GoldenFile.legacy)
func goldenMessagesAreWritten(file: GoldenFile) throws {
    let bytes = file.bytes
    var shallow = LegacyCursor(bytes.span.bytes)
    while let message = try shallow.next() {
        let original = bytes.span.bytes.extracting(message.view.bytes)
        let plainSet =
            message.codec == .none ? Array(bytes[message.view.bytes]) : try inner(message, in: bytes)
        var writer = LegacyWriter(magic: message.magic, timestampType: message.timestampType)
        var cursor = LegacyCursor(plainSet.span.bytes)
        while let plain = try cursor.next() {
            writer.append(plain.view, in: plainSet.span.bytes, offset: plain.view.offset)
        }
        #expect(writer.bytes == plainSet)
        guard message.codec != .none, let value = message.view.value else { continue }
        var wrapper = LegacyWriter(magic: message.magic, timestampType: message.timestampType)
        wrapper.append(
            offset: message.view.offset, timestamp: message.view.timestamp, codec: message.codec, key: nil,
            value: Array(bytes[value]))
        #expect(wrapper.bytes == original.copy(0..<original.byteCount))
    }
}

/// The message set inside `message`.
private func inner(_ message: LegacyMessage, in bytes: [UInt8]) throws -> [UInt8] {
    let value = try #require(message.view.value)
    return try message.codec.decompress(
        bytes.span.bytes.extracting(value), limitBytes: limitBytes,
        dialect: message.magic == 0 ? .magic0 : .current)
}

/// The records of `batch`, as they are encoded.
func uncompressed(_ batch: borrowing RecordBatch) throws -> [UInt8] {
    try batch.withRecords(limitBytes: limitBytes) { $0.copy(0..<$0.byteCount) }
}

/// `batch`, taken apart and built again.
private func rebuild(_ batch: borrowing RecordBatch) throws -> [UInt8] {
    let header = batch.header
    var options = BatchOptions()
    options.baseOffset = header.baseOffset
    options.leaderEpoch = header.leaderEpoch
    options.codec = try batch.codec()
    options.appendTime = header.attributes.timestampType == .logAppendTime ? header.maxTimestamp : nil
    options.producerID = header.producerID
    options.producerEpoch = header.producerEpoch
    options.baseSequence = header.baseSequence
    options.isTransactional = header.attributes.isTransactional
    options.isControl = header.attributes.isControl
    options.baseTimestamp = header.baseTimestamp
    // With LogAppendTime the producer's own times are still encoded, and only the header hides them.
    var asCreated = header
    asCreated.attributes.timestampType = .createTime
    var builder = BatchBuilder(options)
    let records = try uncompressed(batch)
    var cursor = RecordCursor(asCreated, records: records.span.bytes)
    while let view = try cursor.next() {
        let record = try Record(view, in: records.span.bytes)
        builder.append(
            timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
    }
    return try builder.finish()
}
