// A broker with several data directories: where partitions go, and what one directory that is missing, broken
// or somebody else's means for the others.
import Base
import Foundation
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("several data directories")
struct LogDirectoriesTests {
    private let paths = ["/a", "/b", "/c"]

    private func start(
        _ disk: SimulatedDisk, _ paths: [String]? = nil, metadata: String? = nil
    ) throws -> StorageHalf {
        var settings = BrokerSettings()
        settings.logDirectories = paths ?? self.paths
        settings.metadataLogDirectory = metadata
        return try StorageHalf(on: disk, settings)
    }

    private func refusal(_ disk: SimulatedDisk, _ paths: [String], metadata: String? = nil) throws -> String {
        do {
            try start(disk, paths, metadata: metadata).storage.abandon()
            return "none"
        } catch let error as StartError {
            return error.description
        } catch let error as StorageError {
            return error.description
        }
    }

    private func partitions(_ half: StorageHalf, _ path: String) throws -> Set<Name> {
        let directory = try #require(half.storage.all.first { $0.path == path })
        return Set(
            try directory.partitions().map { Name($0.partition.description) }
                .filter { !$0.hasPrefix("__cluster") })
    }

    @Test("new partitions go where the fewest are, the metadata log says where, and they are found again")
    func spread() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try start(disk)
        #expect(Set(first.storage.data.map(\.directoryID)).count == 3)
        #expect(first.create("t", partitions: 4) == nil)
        #expect(first.create("u", partitions: 5) == nil)
        let counts = try paths.map { try partitions(first, $0).count }
        #expect(counts.sorted() == [2, 3, 4] || counts == [3, 3, 3])
        for index in Int32(0)..<4 { try first.append("t", index) }
        let places = try paths.map { try partitions(first, $0) }
        for topic in first.metadata.image.topics.values {
            for index in 0..<Int32(topic.partitions.count) {
                let state = try #require(topic.partitions[index])
                let holder = first.storage.data.first { $0.directoryID == state.directory }
                let number = try #require(paths.firstIndex(of: holder?.path ?? ""))
                #expect(places[number].contains("\(topic.name)-\(index)"))
            }
        }
        try first.storage.stop()
        for path in paths { #expect(try disk.entry(at: path + "/.kafka_cleanshutdown") != nil) }
        let second = try start(disk.afterKill())
        #expect(try paths.map { try partitions(second, $0) } == places)
        for index in Int32(0)..<4 { #expect(try second.log("t", index).bounds.logEnd == Offset(1)) }
        #expect(!second.storage.isAfterCrash)
        second.storage.abandon()
    }

    @Test("a crash of the broker is one of all its directories, and every partition gets a new epoch")
    func crash() throws {
        let disk = SimulatedDisk(seed: 2)
        let first = try start(disk)
        #expect(first.create("t", partitions: 3) == nil)
        for index in Int32(0)..<3 { try first.append("t", index) }
        first.storage.abandon()
        let second = try start(disk.afterPowerCut())
        for index in Int32(0)..<3 {
            #expect(try second.log("t", index).bounds.logEnd == Offset(1))
            #expect(try second.epoch("t", index) == 1)
        }
        second.storage.abandon()
    }

    @Test("the metadata log lies in metadata.log.dir, beside the partitions or apart from them")
    func metadataDirectory() throws {
        for path in ["/b", "/m"] {
            let disk = SimulatedDisk(seed: 3)
            let half = try start(disk, metadata: path)
            #expect(half.create("t", partitions: 3) == nil)
            #expect(try disk.entry(at: path + "/__cluster_metadata-0") != nil)
            #expect(try paths.map { try partitions(half, $0).count } == [1, 1, 1])
            #expect(try partitions(half, path).count == (path == "/m" ? 0 : 1))
            try half.storage.stop()
            let again = try start(disk.afterKill(), metadata: path)
            #expect(again.catalog.topics["t"]?.partitions.count == 3)
            again.storage.abandon()
            let elsewhere = try refusal(disk.afterKill(), paths, metadata: "/a")
            #expect(elsewhere.contains("set metadata.log.dir") || path == "/m")
        }
    }

    @Test(
        "directories are told apart by what they are: slashes, dots and links make no others",
        arguments: [
            (["ROOT/x/data/"], nil, ["ROOT/x/data"]), (["ROOT/a//b/./c"], "ROOT/a/b/c/", ["ROOT/a/b/c"]),
            (["ROOT/there/", "ROOT/other"], "ROOT/there/../there", ["ROOT/there", "ROOT/other"]),
            (["ROOT/link/d"], "ROOT/there/d", ["ROOT/link/d"]),
            (["ROOT/missing/../d/"], "ROOT/d", ["ROOT/d"]),
        ])
    func names(_ data: [String], _ metadata: String?, _ made: [String]) throws {
        let root = FileManager.default.temporaryDirectory.path + "/apus-names-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/there", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: root + "/link", withDestinationPath: root + "/there")
        func real(_ path: String) -> String { path.replacingOccurrences(of: "ROOT", with: root) }
        try withBroker(
            on: root,
            { settings in
                settings.logDirectories = data.map(real)
                settings.metadataLogDirectory = metadata.map(real)
            },
            { broker, _ in
                #expect(broker.storage.places.map(\.path) == made.map(real))
                let log = real(made[0]) + "/__cluster_metadata-0"
                #expect(FileManager.default.fileExists(atPath: log))
            })
    }

    @Test(
        "one directory under two names in log.dirs is refused, and both are named",
        arguments: [("ROOT/d", "ROOT/d/"), ("ROOT/there", "ROOT/link"), ("ROOT/there/e", "ROOT/link/./e")])
    func named(_ first: String, _ second: String) throws {
        let root = FileManager.default.temporaryDirectory.path + "/apus-names-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/there", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: root + "/link", withDestinationPath: root + "/there")
        let paths = [first, second].map { $0.replacingOccurrences(of: "ROOT", with: root) }
        let error = #expect(throws: StartError.self) {
            try withBroker(on: root, { $0.logDirectories = paths }, { _, _ in })
        }
        #expect(error?.description.contains("named twice") == true)
        for path in paths { #expect(error?.description.contains(path) == true || path.contains("/./")) }
    }

    @Test("a directory that breaks takes its partitions with it and no others, and brings them back")
    func brokenDirectory() throws {
        let disk = SimulatedDisk(seed: 4)
        let first = try start(disk)
        #expect(first.create("t", partitions: 6) == nil)
        for index in Int32(0)..<6 { try first.append("t", index) }
        #expect(first.create("deleted", partitions: 3) == nil)
        let lost = try partitions(first, "/b")
        try first.storage.stop()
        let broken = disk.afterKill()
        broken.fail(.open, suffix: "/b/meta.properties", errno: 5, isLasting: true)
        let second = try start(broken)
        #expect(second.storage.offline.map(\.path) == ["/b"])
        #expect(second.lines.all.contains { $0.contains("directory.taken_offline") && $0.contains("/b") })
        for partition in try #require(second.catalog.topics["t"]).partitions {
            #expect((partition.log == nil) == lost.contains("\(partition.id)"))
        }
        // What is deleted meanwhile is not there when the directory comes back, and what is new is elsewhere.
        #expect(second.delete("deleted") == nil)
        #expect(second.create("deleted", partitions: 2) == nil)
        try second.storage.stop()
        let third = try start(broken.afterKill())
        for index in Int32(0)..<6 { #expect(try third.log("t", index).bounds.logEnd == Offset(1)) }
        #expect(try !partitions(third, "/b").contains { $0.hasPrefix("deleted") })
        #expect(third.catalog.topics["deleted"]?.partitions.allSatisfy { $0.log != nil } == true)
        third.storage.abandon()
    }

    @Test("partitions of a directory that is no longer named are offline, not made anew")
    func forgottenDirectory() throws {
        let disk = SimulatedDisk(seed: 5)
        let first = try start(disk)
        #expect(first.create("t", partitions: 3) == nil)
        let lost = try partitions(first, "/c")
        try first.storage.stop()
        let second = try start(disk.afterKill(), ["/a", "/b"])
        for partition in try #require(second.catalog.topics["t"]).partitions {
            #expect((partition.log == nil) == lost.contains("\(partition.id)"))
        }
        #expect(try paths.dropLast().allSatisfy { try partitions(second, $0).isDisjoint(with: lost) })
        second.storage.abandon()
    }

    @Test("a partition may be moved to another directory while the broker is stopped, and lie in one only")
    func movedPartition() throws {
        let disk = SimulatedDisk(seed: 6)
        let first = try start(disk)
        #expect(first.create("t", partitions: 1) == nil)
        try first.append("t")
        try first.storage.stop()
        let moved = disk.afterKill()
        try moved.createDirectory("/c/t-0")
        for entry in try moved.list("/a/t-0") {
            let bytes = try #require(try moved.contents("/a/t-0/" + entry.name))
            try moved.replace("/c/t-0/" + entry.name, with: bytes, isDurable: true)
        }
        #expect(try refusal(moved.afterKill(), paths).contains("one data directory only"))
        let alone = moved.afterKill()
        for entry in try alone.list("/a/t-0") { try alone.remove("/a/t-0/" + entry.name) }
        try alone.removeDirectory("/a/t-0")
        let second = try start(alone)
        #expect(try second.log("t").bounds.logEnd == Offset(1))
        #expect(try partitions(second, "/c") == ["t-0"])
        second.storage.abandon()
    }

    @Test("directories of different clusters, and copies, are refused")
    func foreignFiles() throws {
        let disk = SimulatedDisk(seed: 7)
        try start(disk, ["/a"]).storage.stop()
        try start(disk, ["/b"]).storage.stop()
        #expect(try refusal(disk.afterKill(), ["/a", "/b"]).contains("cluster"))
        let copied = disk.afterKill()
        let properties = try #require(try copied.contents("/a/meta.properties"))
        try copied.replace("/b/meta.properties", with: properties, isDurable: true)
        #expect(try refusal(copied, ["/a", "/b"]).contains("both have one directory.id"))
    }
}
