// The data directories that Apache Kafka wrote (fixtures/datadirs), and what a reader must find in them.
import Base
import Foundation
import Records
import TestSupport
import Testing

@testable import Broker

/// A copy of one of the directories, removed with its last reference.
final class KafkaDirectory: Sendable {
    static let names = ["plain", "txn", "groups"].flatMap { ["\($0)-kill", "\($0)-clean"] }

    private let root: String
    /// The log directory.
    var path: String { root + "/data" }
    private let name: String

    init(_ name: String) throws {
        self.name = name
        root = NSTemporaryDirectory() + "apus-kafka-" + Foundation.UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try Self.unpack(Fixture.path("datadirs/\(name).tar.gz"), into: root)
    }

    /// What its `expected.json` says.
    func expected() throws -> JSONValue {
        try JSONValue(parsing: Fixture.unpacked("datadirs/\(name).expected.json.gz"))
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private static func unpack(_ archive: String, into folder: String) throws {
        let tar = Process()
        tar.executableURL = URL(filePath: "/bin/tar")
        tar.arguments = ["xzf", archive, "-C", folder]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
    }
}

extension JSONValue {
    var members: [JSONMember] { if case .object(let members) = self { members } else { [] } }
    var isTrue: Bool { self == .bool(true) }
    func int(_ name: String) throws -> Int64 { try #require(self[name]?.integer, "\(name) is missing") }
    func string(_ name: String) throws -> String { try #require(self[name]?.text, "\(name) is missing") }

    /// Bytes that stand as text under `name`, or in hexadecimal under `nameHex`; nil for null.
    func bytes(_ name: String) -> [UInt8]? {
        if let text = self[name]?.text { return Array(text.utf8) }
        return self[name + "Hex"]?.text.flatMap { [UInt8](hex: $0) }
    }
}

/// A partition as expected.json describes its files.
struct ExpectedPartition {
    struct Batch {
        let base: Int64
        let last: Int64
        let producer: Int64
        let epoch: Int64
        let sequence: Int64
        let isTransactional: Bool
        let isControl: Bool
        let records: [Record]
    }

    let batches: [Batch]
    let aborted: [JSONValue]

    init(_ json: JSONValue) throws {
        batches = try (json["segments"]?.elements ?? []).flatMap { segment in
            try (segment["batches"]?.elements ?? []).map { batch in
                try #require(batch["crc_ok"]?.isTrue == true)
                return Batch(
                    base: try batch.int("base_offset"), last: try batch.int("last_offset"),
                    producer: try batch.int("producer_id"), epoch: try batch.int("producer_epoch"),
                    sequence: try batch.int("base_sequence"),
                    isTransactional: batch["transactional"]?.isTrue == true,
                    isControl: batch["control"]?.isTrue == true,
                    records: try (batch["records"]?.elements ?? []).map { try Record($0) })
            }
        }
        aborted = json["aborted"]?.elements ?? []
    }
}

extension Record {
    fileprivate init(_ json: JSONValue) throws {
        let headers = (json["headers"]?.elements ?? []).map { header in
            RecordHeader(name: header.bytes("name") ?? [], value: header.bytes("value"))
        }
        self.init(
            offset: Offset(try json.int("offset")),
            timestamp: Timestamp(milliseconds: try json.int("timestamp")), key: json.bytes("key"),
            value: json.bytes("value"), headers: headers)
    }
}

/// A clock for records of November 2023: retention and expiry count from there.
struct PastClock: BrokerClock {
    private let system = SystemClock()
    func monotonicNanoseconds() -> Int64 { system.monotonicNanoseconds() }
    func wallTime() -> Timestamp { Timestamp(milliseconds: 1_700_000_100_000) }
}
