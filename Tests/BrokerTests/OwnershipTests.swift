// Whose a directory or file is, is never told by its name alone: what is not proved ours is neither deleted
// nor taken over.
import Base
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("ownership of directories and files")
struct OwnershipTests {
    private static let unique = "0123456789abcdef0123456789abcdef"

    /// A stopped broker's directory with the topic t, and one record in it.
    private func directory() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk)
        _ = half.create("t", partitions: 1)
        try half.append("t")
        try half.directory.stop()
        return disk.afterKill()
    }

    private func put(_ text: String, _ path: String, on disk: SimulatedDisk) throws {
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        if try disk.entry(at: parent) == nil { try disk.createDirectory(parent) }
        try disk.replace(path, with: Array(text.utf8), isDurable: true)
    }

    @Test(
        "a directory that is none of a broker's refuses the start untouched, as in Kafka",
        arguments: ["photos-delete", "photos", "photos-future", "t-007", "t-0.\(unique)-delet", "a b-1"])
    func foreign(name: String) throws {
        let disk = try directory()
        try put("a", "/data/\(name)/a.jpg", on: disk)
        let before = try disk.list("/data").map(\.name)
        do {
            _ = try StorageHalf(on: disk)
            Issue.record("it started")
        } catch let error as StorageError {
            #expect(error == .unexpectedDirectory(path: "/data", name: name))
            #expect(error.description.contains(name) && error.description.contains("untouched"))
        }
        #expect(try disk.list("/data").map(\.name) == before)
        #expect(try disk.contents("/data/\(name)/a.jpg") == Array("a".utf8))
    }

    @Test(
        "a directory that is not proved to be deleted stays with what is in it",
        arguments: [
            "photos-0.\(unique)-delete", "photos-0.x-delete", "photos-0.\(unique)-stray",
            "photos-1.\(unique)-future", ".hidden", "lost+found", "music-0",
        ])
    func unproved(name: String) throws {
        let disk = try directory()
        try put("a", "/data/\(name)/a.jpg", on: disk)
        try put("a", "/data/\(name)/00000000000000000000.log", on: disk)
        let half = try StorageHalf(on: disk)
        #expect(try half.log("t").bounds.logEnd == Offset(1))
        #expect(try disk.list("/data/\(name)").map(\.name) == ["00000000000000000000.log", "a.jpg"])
        if name.contains(Self.unique + "-delete") || name == "music-0" {
            #expect(half.lines.all.contains { $0.contains(name) }, "nobody named it")
        }
        half.directory.abandon()
    }

    @Test("a directory that says whose it was goes, but for what others put into it")
    func proved() throws {
        let disk = try directory()
        let deleted = ["gone-0.\(Self.unique)-delete", "gone-1.\(Self.unique)-delete"].map { "/data/" + $0 }
        for path in deleted {
            let metadata = PartitionMetadata(topicID: TopicID(high: 5, low: 6)).bytes
            try put(String(decoding: metadata, as: UTF8.self), path + "/partition.metadata", on: disk)
            try put("a", path + "/00000000000000000000.log.deleted", on: disk)
        }
        try put("a", deleted[1] + "/a.jpg", on: disk)
        let half = try StorageHalf(on: disk)
        #expect(try disk.entry(at: deleted[0]) == nil)
        #expect(try disk.list(deleted[1]).map(\.name) == ["a.jpg", "partition.metadata"])
        #expect(half.lines.all.contains { $0.contains("partition_directory.kept") && $0.contains("a.jpg") })
        half.directory.abandon()
    }

    @Test("a start and a deletion leave files in a partition's directory that are not of a broker")
    func foreignFilesStay() throws {
        let disk = try directory()
        let foreignFiles = ["notes.tmp", "photo.deleted", "picture.swap", "report.cleaned"]
        for name in foreignFiles { try put("a", "/data/t-0/\(name)", on: disk) }
        for name in ["00000000000000000000.log.1.deleted", "00000000000000000007.index.cleaned"] {
            try put("a", "/data/t-0/\(name)", on: disk)
        }
        let half = try StorageHalf(on: disk)
        let names = try disk.list("/data/t-0").map(\.name)
        #expect(foreignFiles.allSatisfy(names.contains))
        #expect(!names.contains { $0.hasSuffix("1.deleted") || $0.hasSuffix("index.cleaned") })
        #expect(half.delete("t") == nil)
        let deleted = try #require(try disk.list("/data").map(\.name).first { $0.hasSuffix("-delete") })
        #expect(
            try disk.list("/data/\(deleted)").map(\.name) == (foreignFiles + ["partition.metadata"]).sorted())
        half.directory.abandon()
    }

    @Test("who deletes a topic does not delete what another one left in its place")
    func another() throws {
        let disk = try directory()
        let metadata = PartitionMetadata(topicID: TopicID(high: 5, low: 6)).bytes
        try disk.replace("/data/t-0/partition.metadata", with: metadata, isDurable: true)
        let half = try StorageHalf(on: disk)
        #expect(half.lines.all.contains { $0.contains("partition.taken_offline") && $0.contains("t-0") })
        #expect(half.delete("t") == nil)
        #expect(try disk.entry(at: "/data/t-0/00000000000000000000.log")?.sizeBytes ?? 0 > 0)
        half.directory.abandon()
    }

    @Test("records without an identity beside them are taken over only where a checkpoint knows them")
    func adoption() throws {
        let disk = try directory()
        try disk.remove("/data/t-0/partition.metadata")
        let known = try StorageHalf(on: disk.afterKill())
        #expect(try known.log("t").bounds.logEnd == Offset(1))
        known.directory.abandon()
        let points = "/data/" + OffsetCheckpoint.Kind.recoveryPoint.rawValue
        try disk.replace(points, with: OffsetCheckpoint().bytes, isDurable: true)
        let unknown = try StorageHalf(on: disk.afterKill())
        #expect(try unknown.partition("t").isOffline)
        #expect(
            unknown.lines.all.contains {
                $0.contains("partition.taken_offline") && $0.contains("partition.metadata")
            })
        unknown.directory.abandon()
    }

    @Test("what is still written for a deleted log does not reach the next one of its name")
    func lateNotes() throws {
        let rig = try DirectoryRig()
        let old = try rig.createLog("t", producer: 5)
        // A segment's end is noted once it is durable.
        old.state.withLock { $0.snapshots.append((Offset(1), $0.producers)) }
        old.state.withLock { $0.epochsChanged = true }
        try rig.directory.deletePartition(old.partition)
        _ = try rig.directory.createPartition(old.partition, id: UUID(high: 3, low: 5), config: LogConfig())
        old.storeSettled(Offset(1))
        rig.flush()
        _ = try? old.expire(at: rig.clock.wallTime())
        let names = try rig.disk.list("/data/t-0").map(\.name)
        #expect(!names.contains { $0.contains("snapshot") || $0.contains("epoch") }, "\(names)")
        #expect(!rig.lines.all.contains { $0.contains("notes.failed") })
        rig.directory.abandon()
    }

    @Test("files that wait to be removed are forgotten with their directory")
    func pendingDeletes() {
        let pendingDeletes = PendingDeletes()
        let disk = SimulatedDisk(seed: 1)
        try? disk.createDirectory("/t-0")
        try? disk.replace("/t-0/a.deleted", with: [1], isDurable: true)
        pendingDeletes.add(["/t-0/a.deleted"], due: 0)
        pendingDeletes.forget(below: "/t-0")
        _ = pendingDeletes.sweep(at: 1, disk, Logger(level: .error))
        #expect((try? disk.entry(at: "/t-0/a.deleted")) != nil)
    }
}
