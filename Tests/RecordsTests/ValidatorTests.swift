// What the validator refuses, and with which reason; the rest of a batch is always as a producer writes it.
import Base
import Compression
import Records
import Testing

private let now = Timestamp(milliseconds: 1_700_000_000_000)

/// A batch of `count` records of a producer, with header fields overwritten by `change` before the checksum
/// is renewed.
private func batch(
    _ count: Int = 3, codec: CompressionCodec = .none, keys: Bool = true, times: [Int64] = [],
    isControl: Bool = false,
    change: (inout MutableRawSpan) -> Void = { _ in }
) throws -> [UInt8] {
    var options = BatchOptions()
    options.codec = codec
    options.isControl = isControl
    var builder = BatchBuilder(options)
    for index in 0..<count {
        builder.append(
            timestamp: Timestamp(
                milliseconds: index < times.count ? times[index] : now.milliseconds + Int64(index)),
            key: keys || index == 0 ? [1, 2] : nil, value: Array(repeating: 7, count: 30))
    }
    var bytes = try builder.finish()
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    change(&raw)
    BatchStamp.checksum(in: &raw)
    return bytes
}

private func error(_ bytes: [UInt8], _ rules: BatchRules = BatchRules()) -> RecordError? {
    do throws(RecordError) {
        _ = try BatchValidator(rules).validate(bytes.span.bytes, now: now)
        return nil
    } catch { return error }
}

private func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at position: Int) -> (
    inout MutableRawSpan
) -> Void {
    { $0.storeBytes(of: value.bigEndian, toByteOffset: position, as: Value.self) }
}

@Test("a batch of a producer is accepted in every codec", arguments: CompressionCodec.allCases)
func acceptsBatches(codec: CompressionCodec) throws {
    let bytes = try batch(10, codec: codec)
    let summary = try BatchValidator(BatchRules()).validate(bytes.span.bytes, now: now)
    #expect(summary.codec == codec)
    #expect(summary.recordCount == 10)
    #expect(summary.maxTimestamp.milliseconds == now.milliseconds + 9)
    #expect(summary.offsetDeltaOfMaxTimestamp == 9)
    #expect(summary.recordsBytes == (try batch(10)).count - BatchLayout.headerSize)
}

@Test("a batch that is damaged on its way is told from one that was written wrongly")
func checksumComesFirst() throws {
    var bytes = try batch()
    bytes[BatchLayout.recordCount + 3] ^= 1
    guard case .checksumMismatch = error(bytes) else {
        Issue.record("the checksum was not compared first")
        return
    }
    #expect(error(Array(bytes.dropLast())) == .truncated(needed: bytes.count, available: bytes.count - 1))
    #expect(error(try batch() + batch()) == .invalidBatch(.moreThanOneBatch))
    #expect(error([]) == .truncated(needed: 17, available: 0))
    bytes = try batch()
    bytes[BatchLayout.magic] = 3
    #expect(error(bytes) == .unsupportedMagic(3))
    bytes = try batch()
    bytes[BatchLayout.length] = 0xff
    #expect(error(bytes) == .corruptHeader(.length))
}

@Test("header fields that contradict each other are refused")
func refusesHeaders() throws {
    #expect(
        error(try batch(change: store(Int32(2), at: BatchLayout.recordCount))) == .invalidBatch(.recordCount))
    #expect(error(try batch(change: store(Int32(0), at: BatchLayout.recordCount))) == .invalidBatch(.empty))
    #expect(
        error(try batch(change: store(Int32(-1), at: BatchLayout.recordCount)))
            == .corruptHeader(.recordCount))
    #expect(
        error(try batch(change: store(Int32(-1), at: BatchLayout.lastOffsetDelta)))
            == .corruptHeader(.lastOffset))
    #expect(
        error(try batch(change: store(Int64.max, at: BatchLayout.baseOffset))) == .corruptHeader(.lastOffset))
    #expect(error(try batch(change: store(UInt16(5), at: BatchLayout.attributes))) == .invalidBatch(.codec))
    #expect(error(try batch(isControl: true)) == .invalidBatch(.control))
    #expect(error(try batch(change: store(Int64(5), at: BatchLayout.producerID))) == .invalidBatch(.sequence))
    var rules = BatchRules()
    rules.timestampType = .logAppendTime
    guard
        case .rejected(.timestamp, _) = error(
            try batch(change: store(UInt16(1 << 3), at: BatchLayout.attributes)), rules)
    else {
        Issue.record("where the broker gives the times, a producer may not claim that it did")
        return
    }
    // Some clients leave zeros in the fields of a producer that they are not.
    #expect(error(try batch(change: store(Int32(0), at: BatchLayout.baseSequence))) == nil)
    #expect(error(try batch(change: store(Int16(0), at: BatchLayout.producerEpoch))) == nil)
}

@Test("more or fewer records than the header says are refused", arguments: CompressionCodec.allCases)
func refusesCounts(codec: CompressionCodec) throws {
    let tooMany = try batch(3, codec: codec) {
        store(Int32(4), at: BatchLayout.recordCount)(&$0)
        store(Int32(3), at: BatchLayout.lastOffsetDelta)(&$0)
    }
    #expect(error(tooMany) == .invalidRecord(index: 3, .truncated))
    let tooFew = try batch(3, codec: codec) {
        store(Int32(2), at: BatchLayout.recordCount)(&$0)
        store(Int32(1), at: BatchLayout.lastOffsetDelta)(&$0)
    }
    #expect(error(tooFew) == .invalidBatch(.trailingBytes))
}

@Test("malformed records are refused by their index and reason")
func refusesRecords() throws {
    func records(_ bytes: [UInt8]) throws -> [UInt8] {
        let template = try batch(1)
        var result = Array(template.prefix(BatchLayout.headerSize)) + bytes
        var span = result.mutableSpan
        var raw = span.mutableBytes
        store(Int32(raw.byteCount - 12), at: BatchLayout.length)(&raw)
        BatchStamp.checksum(in: &raw)
        return result
    }
    // length 6 (zigzag 12), attributes, time delta, offset delta, null key, null value, no headers
    #expect(error(try records([12, 0, 0, 0, 1, 1, 0])) == nil)
    #expect(error(try records([10, 0, 0, 0, 1, 1])) == .invalidRecord(index: 0, .length))
    #expect(error(try records([14, 0, 0, 0, 1, 1, 0])) == .invalidRecord(index: 0, .length))
    #expect(error(try records([14, 0, 0, 0, 1, 1, 0, 0])) == .invalidRecord(index: 0, .length))
    #expect(error(try records([11, 0, 0, 0, 1, 1, 0])) == .invalidRecord(index: 0, .length))
    #expect(error(try records([12, 0, 0, 2, 1, 1, 0])) == .invalidRecord(index: 0, .offset))
    // Any negative length is null.
    #expect(error(try records([12, 0, 0, 0, 3, 1, 0])) == nil)
    #expect(error(try records([12, 0, 0, 0, 8, 1, 0])) == .invalidRecord(index: 0, .key))
    #expect(error(try records([12, 0, 0, 0, 1, 3, 0])) == nil)
    #expect(error(try records([12, 0, 0, 0, 1, 8, 0])) == .invalidRecord(index: 0, .value))
    #expect(error(try records([12, 0, 0, 0, 1, 1, 1])) == .invalidRecord(index: 0, .headerCount))
    #expect(error(try records([12, 0, 0, 0, 1, 1, 2])) == .invalidRecord(index: 0, .headerCount))
    #expect(error(try records([16, 0, 0, 0, 1, 1, 2, 1, 1])) == .invalidRecord(index: 0, .header))
    #expect(error(try records([16, 0, 0, 0, 1, 1, 2, 0, 1])) == nil)
    #expect(error(try records([16, 0, 0, 0, 1, 1, 2, 0, 8])) == .invalidRecord(index: 0, .header))
    #expect(
        error(try records([12, 0, 0x80, 0x80, 0x80, 0x80, 0x80])) == .invalidRecord(index: 0, .truncated))
    let overlong: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]
    #expect(error(try records(overlong)) == .invalidRecord(index: 0, .overlongVarint))
    #expect(error(try records([])) == .invalidRecord(index: 0, .truncated))
}

@Test(
    "records without a key are reported one by one on a compacted topic", arguments: CompressionCodec.allCases
)
func refusesMissingKeys(codec: CompressionCodec) throws {
    var rules = BatchRules()
    rules.requiresKeys = true
    #expect(error(try batch(codec: codec), rules) == nil)
    guard case .rejected(.missingKey, let faults) = error(try batch(4, codec: codec, keys: false), rules)
    else {
        Issue.record("records without keys were accepted")
        return
    }
    #expect(faults.map(\.batchIndex) == [1, 2, 3])
    guard case .rejected(.missingKey, let many) = error(try batch(5000, keys: false), rules) else {
        Issue.record("thousands of records without keys were accepted")
        return
    }
    #expect(many.count == BatchRules.faultsReported)
}

@Test("times outside the window are reported one by one")
func refusesTimestamps() throws {
    var rules = BatchRules()
    rules.timestampBeforeMaxMilliseconds = 1000
    rules.timestampAfterMaxMilliseconds = 500
    let base = now.milliseconds
    #expect(error(try batch(4, times: [base - 1000, base + 500, base, -1]), rules) == nil)
    guard
        case .rejected(.timestamp, let faults) = error(
            try batch(4, times: [base - 1001, base, base + 501, base]), rules)
    else {
        Issue.record("a time outside the window was accepted")
        return
    }
    #expect(faults.map(\.batchIndex) == [0, 2])
    rules.timestampType = .logAppendTime
    #expect(error(try batch(1, times: [0]), rules) == nil)
    #expect(error(try batch(2, times: [0, Int64.max]), rules) == nil)
    #expect(error(try batch(2, times: [Int64.min, 0]), rules) == nil)
    // Kafka's arithmetic wraps: so long ago lies in the future.
    #expect(error(try batch(2, times: [Int64.min, 0])) == nil)
}

@Test(
    "a compressed batch may not grow beyond its limit",
    arguments: CompressionCodec.allCases.filter { $0 != .none })
func decompressionIsBounded(codec: CompressionCodec) throws {
    var rules = BatchRules()
    rules.decompressedBytesMax = 100_000
    #expect(error(try batch(10_000, codec: codec), rules) == .compression(.exceedsLimit(bytes: 100_000)))
}

@Test("stamping changes what it names and leaves a valid batch")
func stamping() throws {
    var bytes = try batch(5)
    change(&bytes) { BatchStamp.assign(baseOffset: Offset(77), leaderEpoch: LeaderEpoch(9), in: &$0) }
    let header = try BatchHeader(reading: bytes.span.bytes)
    #expect(header.lastOffset == Offset(81))
    #expect(header.leaderEpoch == LeaderEpoch(9))
    #expect(error(bytes) == nil)
    change(&bytes) { BatchStamp.appendTime(Timestamp(milliseconds: 5), in: &$0) }
    let stamped = try RecordBatch(reading: bytes.span.bytes)
    try stamped.verifyChecksum()
    #expect(
        try stamped.records(limitBytes: 0).map(\.timestamp.milliseconds) == Array(repeating: 5, count: 5))
}

private func change(_ bytes: inout [UInt8], _ body: (inout MutableRawSpan) -> Void) {
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    body(&raw)
}
