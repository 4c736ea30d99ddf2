// All codecs under the same laws: what was compressed comes back, a limit holds to the byte, damage never
// traps.
import Base
import Compression
import Foundation
import Testing

/// Random numbers that a seed determines (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// `count` bytes: noise, runs, or words of a small vocabulary.
    mutating func bytes(_ count: Int) -> [UInt8] {
        switch Int.random(in: 0..<3, using: &self) {
        case 0: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
        case 1: return Array(repeating: UInt8.random(in: 0...255, using: &self), count: count)
        default:
            let words = (0..<20).map { _ in
                (0..<Int.random(in: 1...9, using: &self)).map { _ in UInt8.random(in: 97...122, using: &self)
                }
            }
            var text: [UInt8] = []
            while text.count < count { text += words[Int.random(in: 0..<20, using: &self)] }
            return Array(text.prefix(count))
        }
    }
}

private let sizes = [0, 1, 2, 100, 4095, 4096, 32768, 32769, 65536, 100_000, 300_000]
private let packing = CompressionCodec.allCases.filter { $0 != .none }

@Test("what was compressed comes back", arguments: CompressionCodec.allCases, sizes)
func roundTrip(codec: CompressionCodec, size: Int) throws {
    for seed in UInt64(0)..<6 {
        var random = SeededGenerator(seed: seed)
        let plain = random.bytes(size)
        for dialect in [CompressionDialect.current, .magic0] {
            let packed = try codec.compress(plain.span.bytes, dialect: dialect)
            let back = try codec.decompress(packed.span.bytes, limitBytes: plain.count, dialect: dialect)
            #expect(back == plain, "seed \(seed)")
        }
    }
}

@Test(
    "every level of a codec is read back", arguments: packing,
    [-200_000, -5, -1, 0, 1, 2, 3, 6, 9, 12, 17, 22, 1000])
func levels(codec: CompressionCodec, level: Int) throws {
    var random = SeededGenerator(seed: 7)
    let plain = random.bytes(50_000)
    let packed = try codec.compress(plain.span.bytes, level: level)
    #expect(try codec.decompress(packed.span.bytes, limitBytes: plain.count) == plain)
}

@Test("one byte above the limit is refused, the limit itself is not", arguments: CompressionCodec.allCases)
func limitsHold(codec: CompressionCodec) throws {
    for size in [1, 1000, 70_000, 200_000] {
        let plain = [UInt8](repeating: 42, count: size)
        let packed = try codec.compress(plain.span.bytes)
        #expect(try codec.decompress(packed.span.bytes, limitBytes: size) == plain)
        #expect(throws: CompressionError.exceedsLimit(bytes: size - 1)) {
            try codec.decompress(packed.span.bytes, limitBytes: size - 1)
        }
        #expect(throws: CompressionError.exceedsLimit(bytes: 0)) {
            try codec.decompress(packed.span.bytes, limitBytes: 0)
        }
    }
}

@Test("a prefix of compressed bytes never passes for the whole", arguments: packing)
func truncation(codec: CompressionCodec) throws {
    var random = SeededGenerator(seed: 3)
    let plain = random.bytes(3000)
    let packed = try codec.compress(plain.span.bytes)
    for length in 0..<packed.count {
        let prefix = Array(packed.prefix(length))
        // A stream of snappy-java has no end mark: cut between two blocks it is whole, but shorter.
        let whole = try? codec.decompress(prefix.span.bytes, limitBytes: plain.count)
        // Nothing is no frame of zstd, which Kafka's reader takes for an end.
        let isEnd = codec == .zstd && length == 0
        #expect(whole == nil || ((codec == .snappy || isEnd) && whole != plain))
    }
}

@Test("damaged bytes neither trap nor exceed the limit", arguments: packing)
func mutations(codec: CompressionCodec) throws {
    let rounds = ProcessInfo.processInfo.environment["APUS_FUZZ_INPUTS"].flatMap { Int($0) } ?? 4000
    var random = SeededGenerator(seed: 11)
    var packed = try codec.compress(random.bytes(2000).span.bytes)
    for round in 0..<rounds {
        if round % 500 == 0 {
            packed = try codec.compress(random.bytes(Int.random(in: 0...4000, using: &random)).span.bytes)
        }
        var damaged = packed
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(
                in: 0...255, using: &random)
        }
        if Bool.random(using: &random) {
            damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
        }
        let result = try? codec.decompress(
            damaged.span.bytes, limitBytes: 10_000, dialect: round % 2 == 0 ? .current : .magic0)
        #expect((result?.count ?? 0) <= 10_000)
    }
}

@Test("noise is refused", arguments: packing)
func noise(codec: CompressionCodec) {
    var random = SeededGenerator(seed: 5)
    for size in 0..<200 {
        let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let result = try? codec.decompress(bytes.span.bytes, limitBytes: 1 << 20)
        // Raw snappy has no magic: a few bytes of noise may be a block.
        #expect(result == nil || codec == .snappy || (codec == .zstd && size == 0))
    }
}

@Test("a bomb costs no more than its limit", arguments: packing)
func bombs(codec: CompressionCodec) async {
    // In a process of its own, as other tests have a right to memory too.
    await #expect(processExitsWith: .success) { [number = codec.rawValue as UInt8] in
        let codec = try #require(CompressionCodec(rawValue: number))
        // 64 MiB of zeros; lz4 and gzip make 1:255 and 1:1000 of them, zstd 1:30000.
        let packed = try codec.compress([UInt8](repeating: 0, count: 64 << 20).span.bytes)
        let residentBefore = residentBytes()
        for _ in 0..<20 {
            #expect(throws: CompressionError.exceedsLimit(bytes: 1 << 20)) {
                try codec.decompress(packed.span.bytes, limitBytes: 1 << 20)
            }
        }
        #expect(residentBytes() - residentBefore < 8 << 20)
    }
}

/// What this process holds in memory, from /proc.
private func residentBytes() -> Int {
    let fields =
        (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
}
