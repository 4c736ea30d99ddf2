// What Apache Kafka answered to each of some thousand things that a producer can send for a partition,
// batches and message sets of old formats (fixtures/produce), and where this broker answers otherwise.
import Base
import Compression
import Protocol
import Records
import TestSupport

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
    /// The exception behind a refusal of a message set.
    let exception: String?

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

    /// From the beginning of a rig's time to when Kafka was asked.
    static let delay: Int64 = 96_000_000_000

    /// All batches, in the order in which Kafka got them.
    static let all = Fixture.values("produce/batches.jsonl.gz", of: JudgedBatch.self)
    /// All message sets of old formats.
    static let sets = Fixture.values("produce/sets.jsonl.gz", of: JudgedBatch.self)

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

    /// Every difference in message sets of old formats.
    static let ofSets = [
        JudgedDifference(
            reason: "Kafka fails with an exception of its own (UNKNOWN_SERVER_ERROR); we say what is wrong",
            code: .invalidRecord
        ) { set in
            set.code == -1 && !claimsTransaction(set) && failures.contains(set.exception ?? "")
        },
        JudgedDifference(
            reason: "whole requests are refused for a transaction, by brokers before their logs are asked",
            code: .transactionalIDAuthorizationFailed, covers: claimsTransaction),
        JudgedDifference(
            reason: "what lies within a stream that is damaged too is not looked at", code: .invalidRecord
        ) { $0.code == 2 && hasDamagedStream($0) },
    ]

    /// The exceptions of Java that Kafka's log fails with: streams that cannot be decompressed, and fields
    /// that lead out of their message, or are none that there are.
    private static let failures: Set<String> = [
        "KafkaException", "SnappyError", "BufferUnderflowException", "IllegalArgumentException",
        "IndexOutOfBoundsException", "OutOfMemoryError",
    ]

    /// All that may be wrong with a batch over which Kafka fails, in our words.
    static let sentences = [
        "The records cannot be decompressed.", BatchDefect.codec.rawValue, BatchDefect.length.rawValue,
        RecordDefect.length.rawValue, RecordDefect.overlongVarint.rawValue, RecordDefect.offset.rawValue,
    ]

    @Sendable private static func claimsTransaction(_ set: JudgedBatch) -> Bool {
        let sent = bytes(hex: set.records ?? "")
        return TransactionClaim(sent.span.bytes).isTransactional
    }

    /// Whether all messages are intact, and what is compressed in the first one is not.
    private static func hasDamagedStream(_ set: JudgedBatch) -> Bool {
        let sent = bytes(hex: set.records ?? "")
        var cursor = LegacyCursor(sent.span.bytes)
        guard let message = try? cursor.next(), message.codec != .none, let value = message.view.value else {
            return false
        }
        do {
            while try cursor.next() != nil {}
        } catch { return false }
        do throws(CompressionError) {
            _ = try message.codec.decompress(
                sent.span.bytes.extracting(value), limitBytes: 1 << 20,
                dialect: message.magic == 0 ? .magic0 : .current)
            return false
        } catch { return true }
    }

    /// Every difference in batches; each is a line of GAPS.md.
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
