// The batches that Apache Kafka wrote (fixtures/batches): what they are, and how tests get at them.
import Base
import Compression
import Records
import TestSupport
import Testing

struct GoldenHeader: Decodable {
    let key: String
    let value: String?
}

struct GoldenRecord: Decodable {
    let offset: Int64
    let timestamp: Int64
    let key: String?
    let value: String?
    let headers: [GoldenHeader]

    /// The record as our type.
    var record: Record {
        Record(
            offset: Offset(offset), timestamp: Timestamp(milliseconds: timestamp), key: key.map(bytes(hex:)),
            value: value.map(bytes(hex:)),
            headers: headers.map { RecordHeader(name: Array($0.key.utf8), value: $0.value.map(bytes(hex:))) })
    }
}

struct GoldenBatch: Decodable {
    let magic: Int8
    let compression: String
    let timestampType: String
    let baseOffset: Int64
    let lastOffset: Int64
    let maxTimestamp: Int64
    let sizeInBytes: Int
    let producerId: Int64
    let producerEpoch: Int16
    let baseSequence: Int32
    let partitionLeaderEpoch: Int32
    let transactional: Bool
    let control: Bool
    let records: [GoldenRecord]

    var codec: CompressionCodec? { CompressionCodec.allCases.first { "\($0)" == compression } }
    var isLogAppendTime: Bool { timestampType == "LogAppendTime" }
}

struct GoldenFile: Decodable, CustomTestStringConvertible {
    let kind: String
    let hex: String
    let batches: [GoldenBatch]

    var bytes: [UInt8] { TestSupport.bytes(hex: hex) }
    var testDescription: String {
        "\(kind) magic \(batches[0].magic) \(batches[0].compression) \(batches.count)"
            + " × \(batches[0].records.count)"
    }

    /// All files, in the order of the fixture.
    static let all = Fixture.values("batches/batches.jsonl.gz", of: GoldenFile.self)

    static let current = all.filter { $0.batches[0].magic == 2 }
    static let legacy = all.filter { $0.batches[0].magic < 2 }
}

/// Random numbers that a seed determines (splitmix64), so that a failure is its own recipe.
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

    /// Up to `count` bytes, random or from a small alphabet.
    mutating func bytes(upTo count: Int) -> [UInt8] {
        let length = Int.random(in: 0...count, using: &self)
        let top: UInt8 = Bool.random(using: &self) ? 255 : 3
        return (0..<length).map { _ in UInt8.random(in: 0...top, using: &self) }
    }

    /// A record with any mix of nulls and headers.
    mutating func record(offset: Offset, near time: Int64) -> Record {
        Record(
            offset: offset,
            timestamp: Timestamp(milliseconds: time + Int64.random(in: -5000...5000, using: &self)),
            key: Bool.random(using: &self) ? nil : bytes(upTo: 40),
            value: Int.random(in: 0..<8, using: &self) == 0 ? nil : bytes(upTo: 300),
            headers: (0..<max(0, Int.random(in: -3...3, using: &self))).map { _ in
                RecordHeader(name: bytes(upTo: 10), value: Bool.random(using: &self) ? nil : bytes(upTo: 20))
            })
    }
}
