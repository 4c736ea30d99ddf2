// `apus dump` and `apus check` on the directories that Apache Kafka wrote.
import Base
import Foundation
import Inspection
import LocalStorage
import Storage
import TestSupport
import Testing

@Suite("looking into data directories", .serialized, .endsHangs)
struct DumpTests {
    /// What Kafka's DumpLogSegments printed, by file.
    private func kafkaDump(_ name: String) throws -> [(file: String, lines: [String])] {
        var found: [(file: String, lines: [String])] = []
        let text = String(decoding: try Fixture.unpacked("datadirs/\(name).dump.txt.gz"), as: UTF8.self)
        // What it finds wrong comes behind the files: it judges preallocated and second segments harshly.
        let verdicts = ["=====", "Mismatches", "  ", "Found time", "The following", "Indexed", "Non-consec"]
        for line in text.split(separator: "\n").map(String.init)
        where !verdicts.contains(where: { line.hasPrefix($0) }) {
            if line.hasPrefix("Dumping ") {
                found.append((String(line.dropFirst("Dumping ".count)), []))
            } else {
                found[found.count - 1].lines.append(line)
            }
        }
        return found
    }

    /// The line with the fields of its messages in the order of their names: Kafka prints tagged fields where
    /// they are declared and where they are null, and it looks into the subscriptions of classic members.
    private func canonical(_ line: String) -> String {
        guard let start = line.range(of: " key: {") ?? line.range(of: " payload: {") else { return line }
        return line[..<start.lowerBound]
            + line[start.lowerBound...].components(separatedBy: " payload: ").map { part in
                guard let brace = part.firstIndex(of: "{"),
                    let json = try? JSONValue(parsing: String(part[brace...]))
                else { return part }
                return "\(part[..<brace])\(sorted(json))"
            }.joined(separator: " payload: ")
    }

    private func sorted(_ json: JSONValue) -> JSONValue {
        switch json {
        case .object(let members):
            let passed = ["subscription", "assignment", "classicMemberMetadata"]
            let kept = members.filter { !passed.contains($0.key) }
            return .object(kept.map { JSONMember($0.key, sorted($0.value)) }.sorted { $0.key < $1.key })
        case .array(let elements): return .array(elements.map(sorted))
        default: return json
        }
    }

    @Test("a dump says what Kafka's own tool says, line by line", arguments: KafkaDirectory.names)
    func dump(name: String) throws {
        let directory = try KafkaDirectory(name)
        for (file, expected) in try kafkaDump(name) {
            var lines: [String] = []
            try FileDump(PosixDisk()) { lines.append($0.text) }.dump(directory.path + "/" + file)
            let difference = zip(lines, expected).first { canonical($0) != canonical($1) }
            #expect(difference == nil, "\(file)")
            #expect(lines.count == expected.count, "\(file)")
        }
    }

    @Test("each line of JSON can be read, and small files are printed as they are")
    func json() throws {
        let directory = try KafkaDirectory("txn-kill")
        for file in [
            "fx-tx-0/00000000000000000033.txnindex", "fx-tx-0/00000000000000000033.log", "meta.properties",
            "__cluster_metadata-0/quorum-state", "bootstrap.checkpoint", "replication-offset-checkpoint",
        ] {
            var count = 0
            try FileDump(PosixDisk()) { line in
                #expect((try? JSONValue(parsing: line.json)) != nil, "\(line.json)")
                count += 1
            }.dump(directory.path + "/" + file)
            #expect(count > 0, "\(file)")
        }
    }

    private func findings(_ path: String) throws -> [String] {
        var found: [String] = []
        var check = DirectoryCheck(PosixDisk()) { found.append($0) }
        #expect(try check.check(path) == found.count)
        return found
    }

    @Test(
        "nothing is wrong with a directory of Kafka, and looking changes nothing",
        arguments: KafkaDirectory.names)
    func sound(name: String) throws {
        let directory = try KafkaDirectory(name)
        let before = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
        #expect(try findings(directory.path) == [])
        #expect(try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted() == before)
    }

    @Test(
        "every planted damage is found and named",
        arguments: [
            "fx-snappy-0/00000000000000000064.log", "fx-snappy-0/00000000000000000064.index",
            "fx-snappy-0/00000000000000000064.timeindex", "fx-snappy-0/00000000000000000128.snapshot",
            "fx-snappy-0/leader-epoch-checkpoint", "fx-snappy-0/partition.metadata",
            "recovery-point-offset-checkpoint", "log-start-offset-checkpoint", "meta.properties",
            "__cluster_metadata-0/00000000000000000000.log", "__cluster_metadata-0/quorum-state",
            "bootstrap.checkpoint", ".kafka_cleanshutdown",
        ])
    func damaged(file: String) throws {
        let directory = try KafkaDirectory("plain-clean")
        let path = directory.path + "/" + file
        var bytes = try #require(try PosixDisk().contents(path))
        bytes[bytes.count / 2] ^= 0x15
        if !file.contains("0000") { bytes[0] ^= 0x80 }
        if file == "meta.properties" { bytes.removeLast(bytes.count / 2) }
        try PosixDisk().replace(path, with: bytes, isDurable: false)
        let found = try findings(directory.path)
        #expect(!found.isEmpty && found.allSatisfy { $0.contains(path) }, "\(found)")
    }

    @Test(
        "snapshots and indexes of aborted transactions that are whole, but not what the log says, are found",
        arguments: ["a producer's last sequence", "a producer", "a transaction", "no transaction"])
    func contradiction(what: String) throws {
        let directory = try KafkaDirectory("txn-clean")
        let partition = directory.path + "/fx-tx-0"
        let names = try FileManager.default.contentsOfDirectory(atPath: partition).sorted()
        var path = partition + "/" + (try #require(names.last { $0.hasSuffix(".snapshot") }))
        var bytes = try #require(try PosixDisk().contents(path))
        // The third producer: the first two ended with a marker.
        let entry = 6 + 4 + 2 * 46
        switch what {
        case "a producer's last sequence": bytes[entry + 8 + 2 + 3] ^= 1
        case "a producer": bytes[entry + 7] ^= 0x40
        default:
            path = partition + "/" + (try #require(names.first { $0.hasSuffix(".txnindex") }))
            bytes = try #require(try PosixDisk().contents(path))
            try #require(bytes.count >= TransactionIndexFile.entryBytes)
            if what == "no transaction" { bytes = [] } else { bytes[2 + 8 + 7] ^= 1 }
        }
        if path.hasSuffix(".snapshot") {
            let sum = CRC32C.checksum(bytes.span.bytes.extracting(6...))
            for index in 0..<4 {
                bytes[2 + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index)))
            }
        }
        try PosixDisk().replace(path, with: bytes, isDurable: false)
        let found = try findings(directory.path)
        #expect(found.count == 1 && found[0].hasPrefix(path + " is not what the log says"), "\(found)")
    }

    @Test("a segment that is missing in the middle is a finding")
    func missing() throws {
        let directory = try KafkaDirectory("plain-clean")
        for suffix in [".log", ".index", ".timeindex"] {
            try PosixDisk().remove(directory.path + "/fx-snappy-0/00000000000000000064" + suffix)
        }
        let found = try findings(directory.path)
        #expect(found.count == 1 && found[0].contains("lacks the offsets 64 to 127"), "\(found)")
    }
}
