// What Apache Kafka answered to each of some 2,600 things that a producer can send for a partition
// (fixtures/produce), and where this broker answers otherwise.
import Base
import Compression
import Foundation
import Protocol
import Records
import Testing

@testable import Broker

/// One case of the corpus.
struct JudgedBatch: Decodable {
    let name: String
    let topic: String
    let version: Int16
    let transactional: String?
    let records: String?
    /// Kafka's error code; nil where it never answers.
    let code: Int16?
    let base: Int64?
    let time: Int64?
    let start: Int64?
    /// The records that are named as faulty (v8).
    let faults: [Int32]?
    /// What Kafka stores, where more than the leader epoch differs from what was sent.
    let stored: String?
    /// Whether the Java consumer reads what Kafka stores.
    let java: ReadBack?
    let librdkafka: ReadBack?

    /// True, or how reading failed.
    enum ReadBack: Decodable {
        case fine
        case failed(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self) {
                self = .failed(word)
            } else {
                self = .fine
            }
        }

        var isFine: Bool { if case .fine = self { true } else { false } }
    }

    /// All cases, in the order in which Kafka got them.
    static let all: [JudgedBatch] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../fixtures/produce/batches.jsonl.gz")
        do {
            let packed = Array(try Data(contentsOf: path))
            let text = try CompressionCodec.gzip.decompress(packed.span.bytes, limitBytes: 64 << 20)
            return try text.split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(JudgedBatch.self, from: Data($0))
            }
        } catch { fatalError("fixtures/produce cannot be read: \(error)") }
    }()

    /// What the topics of the corpus are configured with.
    static let topics: [String: [Name: String]] = [
        "create": [:],
        "append": ["message.timestamp.type": "LogAppendTime"],
        "compact": ["cleanup.policy": "compact"],
        "lz4": ["compression.type": "lz4"],
        "plain": ["compression.type": "uncompressed"],
        "small": ["max.message.bytes": "1000"],
        "recent": ["message.timestamp.before.max.ms": "86400000"],
    ]
}

/// A reason for another answer than Kafka's, and the cases that it is the reason for.
struct JudgedDifference: Sendable {
    let reason: String
    let code: ErrorCode
    let covers: @Sendable (JudgedBatch) -> Bool

    /// Every difference; each is a line of GAPS.md.
    static let all = [
        JudgedDifference(
            reason: "Kafka fails with an exception of its own (UNKNOWN_SERVER_ERROR); we say what is wrong",
            code: .invalidRecord
        ) { $0.code == -1 && !storesTimesBeforeNone($0) },
        JudgedDifference(reason: "Kafka never answers", code: .invalidRecord) { $0.code == nil },
        JudgedDifference(
            reason: "Kafka's own consumers cannot read what it stores", code: .invalidRecord
        ) { $0.code == 0 && !($0.java?.isFine ?? true) },
        JudgedDifference(
            reason: "offsets of the records do not count up: Kafka stores or renumbers them",
            code: .invalidRecord
        ) { $0.code == 0 && ($0.java?.isFine ?? true) && hasOddOffsets($0) },
        JudgedDifference(
            reason: "Kafka's builder takes no times before -1, its log does", code: .none,
            covers: storesTimesBeforeNone),
    ]

    @Sendable private static func storesTimesBeforeNone(_ batch: JudgedBatch) -> Bool {
        batch.code == -1 && batch.name.hasPrefix("times into lz4")
    }

    /// Whether the offset deltas do not count up from 0.
    private static func hasOddOffsets(_ batch: JudgedBatch) -> Bool {
        guard let sent = batch.records.map(bytes(hex:)), let read = try? RecordBatch(reading: sent.span.bytes)
        else { return false }
        // Behind a damage that changed a length there may be no record at all.
        guard let records = try? read.records(limitBytes: 1 << 20) else { return true }
        return records.enumerated().contains { $0.element.offset.value != Int64($0.offset) }
    }
}

/// The bytes that `hex` spells.
func bytes(hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var high: UInt8?
    for character in hex.utf8 {
        let digit = character <= UInt8(ascii: "9") ? character - UInt8(ascii: "0") : (character | 0x20) - 87
        if let first = high {
            result.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return result
}
