// Laws over random batches: what is built is read, recompression keeps every record, conversions lose only
// what the old formats lack.
import Base
import Compression
import Records
import Testing

private let limitBytes = 64 << 20
private let now: Int64 = 1_700_000_000_000

/// A random batch and the records in it, with gaps between offsets if `isCompacted`.
private func randomBatch(
    seed: UInt64, codec: CompressionCodec, count: Int, isCompacted: Bool = false,
    isLogAppendTime: Bool = false
) throws -> (bytes: [UInt8], records: [Record]) {
    var random = SeededGenerator(seed: seed)
    var options = BatchOptions()
    options.baseOffset = Offset(Int64.random(in: 0...1 << 40, using: &random))
    options.codec = codec
    if isLogAppendTime { options.appendTime = Timestamp(milliseconds: now) }
    var builder = BatchBuilder(options)
    var records: [Record] = []
    var delta: Int32 = 0
    for _ in 0..<count {
        if isCompacted { delta += Int32.random(in: 0...300, using: &random) }
        var record = random.record(offset: options.baseOffset.advanced(by: Int64(delta)), near: now)
        builder.append(
            offsetDelta: delta, timestamp: record.timestamp, key: record.key, value: record.value,
            headers: record.headers)
        if isLogAppendTime { record.timestamp = Timestamp(milliseconds: now) }
        records.append(record)
        delta += 1
    }
    return (try builder.finish(), records)
}

@Test(
    "random batches are read as they were built", arguments: CompressionCodec.allCases,
    [1, 2, 63, 64, 300, 9000])
func randomBatchesRoundTrip(codec: CompressionCodec, count: Int) throws {
    for seed in UInt64(0)..<(count > 1000 ? 1 : 4) {
        for (isCompacted, isLogAppendTime) in [(false, false), (true, false), (false, true)] {
            let (bytes, records) = try randomBatch(
                seed: seed, codec: codec, count: count, isCompacted: isCompacted,
                isLogAppendTime: isLogAppendTime)
            let batch = try RecordBatch(reading: bytes.span.bytes)
            try batch.verifyChecksum()
            #expect(try batch.records(limitBytes: limitBytes) == records, "seed \(seed)")
            #expect(batch.header.lastOffset == records.last?.offset)
        }
    }
}

@Test(
    "recompression changes nothing but the codec", arguments: CompressionCodec.allCases,
    CompressionCodec.allCases)
func recompressionKeepsRecords(from: CompressionCodec, to: CompressionCodec) throws {
    let (bytes, records) = try randomBatch(seed: 1, codec: from, count: 200)
    let other = try Recompression.recompress(bytes.span.bytes, to: to, limitBytes: limitBytes)
    let batch = try RecordBatch(reading: other.span.bytes)
    try batch.verifyChecksum()
    #expect(batch.header.attributes.codec == to)
    #expect(try batch.records(limitBytes: limitBytes) == records)
    #expect(
        try BatchValidator(BatchRules()).validate(other.span.bytes, now: Timestamp(milliseconds: now)).codec
            == to)
    if to == .none { #expect(try other == randomBatch(seed: 1, codec: .none, count: 200).bytes) }
}

@Test("a message set of Kafka's becomes one batch with the same records", arguments: GoldenFile.legacy)
func upConversionKeepsRecords(file: GoldenFile) throws {
    let set = file.bytes
    let validator = BatchValidator(BatchRules())
    if file.batches[0].isLogAppendTime {
        // Only a topic that has the broker's times does not believe that these are.
        var rules = BatchRules()
        rules.timestampType = .logAppendTime
        #expect(throws: RecordError.self) {
            try BatchValidator(rules).convert(legacy: set.span.bytes, now: Timestamp(milliseconds: now))
        }
    }
    for codec in [nil] + CompressionCodec.allCases.map(Optional.some) {
        let converted = try validator.convert(
            legacy: set.span.bytes, codec: codec, now: Timestamp(milliseconds: now))
        let batch = try RecordBatch(reading: converted.bytes.span.bytes)
        try batch.verifyChecksum()
        #expect(converted.summary.header == batch.header)
        #expect(converted.summary.codec == codec ?? file.batches[0].codec)
        var expected = file.batches.flatMap { $0.records.map(\.record) }
        for index in expected.indices { expected[index].offset = Offset(Int64(index)) }
        #expect(try batch.records(limitBytes: limitBytes) == expected)
    }
}

@Test(
    "a batch of Kafka's becomes messages with the same offsets, keys and values",
    arguments: GoldenFile.current, [Int8(0), 1])
func downConversionKeepsRecords(file: GoldenFile, magic: Int8) throws {
    let bytes = file.bytes
    let set = try LegacyMessages.convertDown(bytes.span.bytes, to: magic, from: .zero, limitBytes: limitBytes)
    var records: [Record] = []
    try LegacyMessages.forEachRecord(in: set.span.bytes, limitBytes: limitBytes) {
        (message, bytes) throws(RecordError) in
        #expect(message.magic == magic)
        records.append(try Record(message.view, in: bytes))
    }
    var expected = file.batches.filter { !$0.control }.flatMap { $0.records.map(\.record) }
    for index in expected.indices {
        expected[index].headers = []
        if magic == 0 { expected[index].timestamp = .none }
    }
    #expect(records == expected)
}

@Test(
    "what was converted down is converted up again",
    arguments: [CompressionCodec.none, .gzip, .snappy, .lz4], [Int8(0), 1])
func conversionsRoundTrip(codec: CompressionCodec, magic: Int8) throws {
    for seed in UInt64(0)..<10 {
        let (bytes, records) = try randomBatch(seed: seed, codec: codec, count: 40)
        let set = try LegacyMessages.convertDown(
            bytes.span.bytes, to: magic, from: .zero, limitBytes: limitBytes)
        let back = try BatchValidator(BatchRules()).convert(
            legacy: set.span.bytes, now: Timestamp(milliseconds: now))
        #expect(back.summary.codec == codec)
        var expected = records
        for index in expected.indices {
            expected[index].offset = Offset(Int64(index))
            expected[index].headers = []
            if magic == 0 { expected[index].timestamp = .none }
        }
        #expect(try RecordBatch(reading: back.bytes.span.bytes).records(limitBytes: limitBytes) == expected)
    }
}

@Test("down-conversion begins at the offset that was asked for, and leaves out control batches and a cut end")
func downConversionSelects() throws {
    var options = BatchOptions()
    options.baseOffset = Offset(100)
    var builder = BatchBuilder(options)
    for value in UInt8(0)..<10 { builder.append(timestamp: .none, key: nil, value: [value]) }
    let plain = try builder.finish()
    let marker = try ControlRecords.marker(
        EndTransactionMarker(isCommit: true, coordinatorEpoch: 1), producerID: ProducerID(1),
        producerEpoch: 0,
        timestamp: .none, baseOffset: Offset(110))
    let log = plain + marker + plain.prefix(80)
    let set = try LegacyMessages.convertDown(log.span.bytes, to: 1, from: Offset(104), limitBytes: limitBytes)
    var offsets: [Int64] = []
    try LegacyMessages.forEachRecord(in: set.span.bytes, limitBytes: limitBytes) {
        (message, _) throws(RecordError) in
        offsets.append(message.view.offset.value)
    }
    #expect(offsets == Array(104...109))
}

@Test("times are found as by looking at every record", arguments: CompressionCodec.allCases, UInt64(0)..<5)
func timestampSearch(codec: CompressionCodec, seed: UInt64) throws {
    var log: [UInt8] = []
    var records: [Record] = []
    for part in UInt64(0)..<4 {
        let (bytes, more) = try randomBatch(
            seed: seed * 10 + part, codec: codec, count: 30, isCompacted: part % 2 == 0,
            isLogAppendTime: part == 3)
        log += bytes
        records += more
    }
    for time in stride(from: now - 6000, through: now + 6000, by: 371) {
        let wanted = Timestamp(milliseconds: time)
        let found = try TimestampSearch.first(atOrAfter: wanted, in: log.span.bytes, limitBytes: limitBytes)
        let expected = records.first { $0.timestamp >= wanted }
        #expect(found?.offset == expected?.offset)
        #expect(found?.timestamp == expected?.timestamp)
    }
    let latest = try TimestampSearch.latest(in: log.span.bytes, limitBytes: limitBytes)
    let greatest = records.map(\.timestamp).max()
    #expect(latest?.timestamp == greatest)
    #expect(latest?.offset == records.first { $0.timestamp == greatest }?.offset)
}

@Test("control records are read as they were written")
func controlRecords() throws {
    for isCommit in [true, false] {
        let marker = EndTransactionMarker(isCommit: isCommit, coordinatorEpoch: 5)
        let bytes = try ControlRecords.marker(
            marker, producerID: ProducerID(4000), producerEpoch: 2, timestamp: Timestamp(milliseconds: now),
            baseOffset: Offset(10), leaderEpoch: LeaderEpoch(3))
        // Byte for byte what Kafka wrote.
        let key = isCommit ? "00000001" : "00000000"
        let golden = GoldenFile.all.first { $0.kind == "control" && $0.batches[0].records[0].key == key }
        #expect(bytes == golden?.bytes)
        let control = try ControlRecords.read(RecordBatch(reading: bytes.span.bytes))
        #expect(control.map(\.type) == [marker.type])
        let value = control[0].value
        let read = try EndTransactionMarker(type: control[0].type, value: value.span.bytes)
        #expect(read == marker)
    }
    let all = try ControlRecords.batch(ControlRecordType.allCases.map { ($0, [1, 2, 3]) }, timestamp: .none)
    let read = try ControlRecords.read(RecordBatch(reading: all.span.bytes))
    #expect(read.map(\.type) == ControlRecordType.allCases)
    let plain = try randomBatch(seed: 1, codec: .none, count: 1).bytes
    #expect(try ControlRecords.read(RecordBatch(reading: plain.span.bytes)).isEmpty)
}
