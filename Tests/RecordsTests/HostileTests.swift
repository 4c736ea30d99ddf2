// Bytes from a peer or a disk never trap, whatever they are. APUS_FUZZ_INPUTS sets how many are tried
// (default 24,000 in all; the long run a few million).
import Base
import Compression
import Foundation
import Records
import Testing

private let limitBytes = 1 << 20
private let inputsPerFile =
    (ProcessInfo.processInfo.environment["APUS_FUZZ_INPUTS"].flatMap { Int($0) } ?? 24_000) / 128

/// Runs `body`; what it throws does not matter.
private func attempt(_ body: () throws -> Void) {
    do { try body() } catch {}
}

/// Feeds `bytes` to everything that reads records; errors are welcome, traps are not.
private func readEverything(_ bytes: [UInt8], round: Int) {
    let span = bytes.span.bytes
    var rules = BatchRules()
    rules.decompressedBytesMax = limitBytes
    rules.requiresKeys = round % 2 == 0
    rules.timestampBeforeMaxMilliseconds = round % 3 == 0 ? 1000 : .max
    let now = Timestamp(milliseconds: 1_700_000_000_000)
    attempt { _ = try BatchValidator(rules).validate(span, now: now) }
    attempt { _ = try BatchValidator(rules).convert(legacy: span, now: now) }
    attempt { _ = try BatchHeader.size(ofBatchBeginning: span) }
    attempt { _ = try records(span) }
    attempt { _ = try ControlRecords.read(RecordBatch(reading: span)) }
    attempt { _ = try TimestampSearch.first(atOrAfter: now, in: span, limitBytes: limitBytes) }
    attempt { _ = try TimestampSearch.latest(in: span, limitBytes: limitBytes) }
    attempt {
        _ = try LegacyMessages.convertDown(span, to: Int8(round % 2), from: .zero, limitBytes: limitBytes)
    }
    attempt {
        _ = try Recompression.recompress(span, to: round % 2 == 0 ? .none : .lz4, limitBytes: limitBytes)
    }
}

private func records(_ span: RawSpan) throws -> [Record] {
    let batch = try RecordBatch(reading: span)
    _ = batch.header.lastSequence
    return try batch.records(limitBytes: limitBytes)
}

private func messageCount(_ set: [UInt8]) throws -> Int {
    var count = 0
    try LegacyMessages.forEachRecord(in: set.span.bytes, limitBytes: limitBytes) {
        (_, _) throws(RecordError) in
        count += 1
    }
    return count
}

/// Sets the checksum of a batch or a message right, so that what lies behind it is reached.
private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > BatchLayout.headerSize else { return bytes }
    var result = bytes
    var checksum = CRC32C.checksum(bytes.span.bytes.extracting(BatchLayout.attributes...))
    var position = BatchLayout.checksum
    if bytes[BatchLayout.magic] < 2 {
        let length = bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
        guard length + 12 <= bytes.count, length > 4 else { return bytes }
        checksum = CRC32.checksum(bytes.span.bytes.extracting(LegacyLayout.magic..<(length + 12)))
        position = LegacyLayout.checksum
    }
    for index in 0..<4 {
        result[position + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index))
    }
    return result
}

@Test("no prefix of a batch file traps or passes for the whole", arguments: GoldenFile.all)
func prefixes(file: GoldenFile) throws {
    let bytes = file.bytes
    let step = max(1, bytes.count / 400)
    for length in Array(0..<min(100, bytes.count)) + Array(stride(from: 100, to: bytes.count, by: step)) {
        let prefix = Array(bytes.prefix(length))
        readEverything(prefix, round: length)
        if file.batches.count == 1 {
            #expect(throws: RecordError.self) {
                try BatchValidator(BatchRules()).validate(prefix.span.bytes, now: Timestamp(milliseconds: 0))
            }
        }
    }
}

@Test("damaged batches never trap", arguments: GoldenFile.all.indices)
func damage(index: Int) {
    let bytes = GoldenFile.all[index].bytes
    var random = SeededGenerator(seed: UInt64(index))
    for round in 0..<inputsPerFile {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            // Half of the damage hits the header and the first record, where the lengths are.
            let reach = Bool.random(using: &random) ? min(90, damaged.count) : damaged.count
            let position = Int.random(in: 0..<reach, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: damaged[position] = UInt8.random(in: 0...255, using: &random)
            case 1: damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            default: damaged[position] = [0, 1, 0x7f, 0x80, 0xff][Int.random(in: 0..<5, using: &random)]
            }
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
        }
        readEverything(round % 8 == 0 ? damaged : repaired(damaged), round: round)
    }
}

@Test("damaged records behind an intact codec never trap", arguments: CompressionCodec.allCases)
func damagedRecords(codec: CompressionCodec) throws {
    var random = SeededGenerator(seed: 99)
    for round in 0..<min(inputsPerFile * 4, 100_000) {
        var options = BatchOptions()
        options.codec = .none
        var builder = BatchBuilder(options)
        for index in 0..<Int.random(in: 1...20, using: &random) {
            let record = random.record(offset: Offset(Int64(index)), near: 0)
            builder.append(
                timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
        }
        var bytes = try builder.finish()
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: BatchLayout.headerSize..<bytes.count, using: &random)] = UInt8.random(
                in: 0...255, using: &random)
        }
        let packed = try Recompression.recompress(bytes.span.bytes, to: codec, limitBytes: limitBytes)
        readEverything(packed, round: round)
    }
}

@Test("a batch that claims two thousand million records costs nothing")
func claimedRecords() throws {
    var builder = BatchBuilder()
    builder.append(timestamp: .none, key: nil, value: nil)
    var bytes = try builder.finish()
    for position in [BatchLayout.recordCount, BatchLayout.lastOffsetDelta] {
        bytes.replaceSubrange(position..<(position + 4), with: [0x7f, 0xff, 0xff, 0xff])
    }
    let claimed = repaired(bytes)
    #expect(throws: RecordError.self) {
        try records(claimed.span.bytes)
    }
}

@Test(
    "a bomb inside a batch or a message set costs no more than its limit",
    arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd])
func bombs(codec: CompressionCodec) throws {
    let start = ContinuousClock.now
    let zeros = [UInt8](repeating: 0, count: 64 << 20)
    var builder = BatchBuilder()
    builder.append(timestamp: .none, key: nil, value: zeros)
    let plain = try builder.finish()
    let batch = try Recompression.recompress(plain.span.bytes, to: codec, limitBytes: 128 << 20)
    #expect(throws: RecordError.compression(.exceedsLimit(bytes: limitBytes))) {
        try records(batch.span.bytes)
    }
    if codec != .zstd {
        var set = LegacyWriter(magic: 1)
        let value = try codec.compress(zeros.span.bytes)
        for _ in 0..<20 { set.append(offset: .zero, timestamp: .none, codec: codec, key: nil, value: value) }
        #expect(throws: RecordError.compression(.exceedsLimit(bytes: limitBytes))) {
            try messageCount(set.bytes)
        }
    }
    #expect(ContinuousClock.now - start < .seconds(30))
}
