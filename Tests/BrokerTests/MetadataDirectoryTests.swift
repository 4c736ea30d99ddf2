// Starts on metadata logs as Kafka leaves them: with snapshots, bootstrap records, transactions, and both
// kinds of quorum.
import Base
import Protocol
import Records
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("metadata logs of Apache Kafka", .endsHangs)
struct MetadataDirectoryTests {
    private let log = "/data/__cluster_metadata-0"
    private let time = Timestamp(milliseconds: 1_700_000_000_000)

    private func batch(_ records: [MetadataRecord]) throws -> [UInt8] {
        var builder = BatchBuilder()
        for record in records { builder.append(timestamp: time, key: nil, value: try record.encoded()) }
        return try builder.finish()
    }

    private func control(_ type: ControlRecordType, _ message: some Message) throws -> [UInt8] {
        try ControlRecords.batch([(type, try message.bytes(version: 0))], timestamp: time)
    }

    /// The bytes of a snapshot.
    private func snapshot(_ records: [MetadataRecord], voters: [Int32] = []) throws -> [UInt8] {
        var bytes = try control(.snapshotHeader, SnapshotHeaderRecord())
        if !voters.isEmpty {
            var version = KRaftVersionRecord()
            version.kRaftVersion = 1
            var named = VotersRecord()
            named.voters = voters.map { id in
                var voter = VotersRecord.Voter()
                voter.voterID = id
                return voter
            }
            bytes += try control(.kraftVersion, version) + control(.kraftVoters, named)
        }
        if !records.isEmpty { bytes += try batch(records) }
        return try bytes + control(.snapshotFooter, SnapshotFooterRecord())
    }

    private func feature(_ name: Name, _ level: Int16) -> MetadataRecord {
        var record = FeatureLevelRecord()
        record.name = name
        record.featureLevel = level
        return .featureLevel(record)
    }

    /// A directory that `StorageTool format` made, and that no broker has used.
    private func formatted(_ files: [String: [UInt8]]) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try disk.createDirectory("/data")
        try disk.createDirectory(log)
        let properties = """
            #
            #Sat Nov 21 02:43:46 UTC 2026
            cluster.id=abc\\=def
            directory.id=Ptok2Mace049A5i0TFkw6A
            node.id=1
            version=1

            """
        for (name, bytes) in files.merging(
            ["meta.properties": Array(properties.utf8)], uniquingKeysWith: { $1 })
        {
            try disk.replace("/data/" + name, with: bytes, isDurable: true)
        }
        return disk
    }

    private func refusal(_ disk: SimulatedDisk) throws -> String {
        do {
            _ = try StorageHalf(on: disk).directory.abandon()
            return "none"
        } catch let error as StartError {
            return error.description
        }
    }

    @Test("a directory that was only formatted begins with its bootstrap records, whatever they are")
    func bootstrap() throws {
        let unmodelled: [UInt8] = [1, 10, 0, 1, 2, 3]
        let records = [feature("metadata.version", 25), .unmodelled(type: 10, value: unmodelled)]
        let disk = try formatted(["bootstrap.checkpoint": snapshot(records)])
        let half = try StorageHalf(on: disk)
        #expect(half.directory.clusterID == "abc=def")
        #expect(half.metadata.image.features == ["metadata.version": 25])
        #expect(half.metadata.image.unmodelledRecords == 1)
        #expect(half.create("t", partitions: 1) == nil)
        try half.directory.stop()
        let again = try StorageHalf(on: disk.afterKill())
        #expect(again.metadata.image.features == ["metadata.version": 25])
        #expect(again.metadata.image.unmodelledRecords == 1)
        #expect(again.catalog.topics["t"] != nil)
        again.directory.abandon()
    }

    @Test("bootstrap records of a later version are refused")
    func newerBootstrap() throws {
        let disk = try formatted(["bootstrap.checkpoint": snapshot([feature("metadata.version", 99)])])
        #expect(try refusal(disk).contains("metadata.version is 99"))
    }

    @Test("a quorum whose voters the log names is led on, and one with other voters is refused")
    func dynamicQuorum() throws {
        let name = "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"
        let bootstrap = try snapshot([feature("metadata.version", 30)])
        let disk = try formatted([name: snapshot([], voters: [1]), "bootstrap.checkpoint": bootstrap])
        let half = try StorageHalf(on: disk)
        #expect(half.metadata.quorum.kraftVersion == 1)
        #expect(half.create("t", partitions: 1) == nil)
        try half.directory.stop()
        let text = String(decoding: try #require(try disk.contents(log + "/quorum-state")), as: UTF8.self)
        #expect(text.contains("\"leaderEpoch\":1,") && text.contains("\"data_version\":1}"))
        let again = try StorageHalf(on: disk.afterKill())
        #expect(again.catalog.topics["t"] != nil)
        #expect(again.metadata.lastEpoch == LeaderEpoch(2))
        again.directory.abandon()
        let others = try formatted([name: snapshot([], voters: [1, 2]), "bootstrap.checkpoint": bootstrap])
        #expect(try refusal(others).contains("other voters (2)"))
        let state =
            #"{"leaderId":1,"leaderEpoch":3,"currentVoters":[{"voterId":1},{"voterId":7}],"data_version":0}"#
        let configured = try formatted(["__cluster_metadata-0/quorum-state": Array(state.utf8)])
        #expect(try refusal(configured).contains("other voters (7)"))
    }

    @Test("a new epoch is above that of quorum-state, and above that of a snapshot")
    func epochs() throws {
        let state = #"{"leaderId":1,"leaderEpoch":41,"currentVoters":[{"voterId":1}],"data_version":0}"#
        let half = try StorageHalf(on: formatted(["__cluster_metadata-0/quorum-state": Array(state.utf8)]))
        #expect(half.metadata.lastEpoch == LeaderEpoch(42))
        half.directory.abandon()
    }

    @Test(
        "a log goes on behind the snapshot of its beginning, and is refused if that is damaged",
        arguments: [true, false])
    func snapshots(isWhole: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        _ = first.create("t", partitions: 2)
        let end = first.metadata.lastOffset.next
        let image = first.metadata.image
        let topic = try #require(image.topics.values.first)
        try first.directory.stop()
        let killed = disk.afterKill()
        // Kafka deletes the segments that a snapshot stands for.
        for entry in try killed.list(log) where entry.name.hasPrefix("0000") || entry.name.hasPrefix("leader")
        {
            try killed.remove(log + "/" + entry.name)
        }
        var record = TopicRecord()
        record.name = topic.name
        record.topicID = topic.id
        var records = [feature("metadata.version", 30), MetadataRecord.topic(record)]
        records += [Int32(0), 1].map { index in
            .partition(PartitionRecord(index, of: topic.id, on: 1, first.directory.directoryID))
        }
        var bytes = try snapshot(records)
        if !isWhole { bytes.removeLast() }
        let digits = String(end.value)
        let name = String(repeating: "0", count: 20 - digits.count) + digits + "-0000000009.checkpoint"
        try killed.replace(log + "/" + name, with: bytes, isDurable: true)
        guard isWhole else {
            #expect(try refusal(killed).contains("lacks the records from offset 0"))
            return
        }
        let second = try StorageHalf(on: killed)
        #expect(second.catalog.topics["t"]?.partitions.count == 2)
        #expect(second.metadata.lastEpoch == LeaderEpoch(10))
        #expect(second.metadata.lastOffset > end)
        _ = second.create("u", partitions: 1)
        second.directory.abandon()
        let third = try StorageHalf(on: killed.afterKill())
        #expect(Set(third.catalog.topics.all.map(\.name)) == ["t", "u"])
        third.directory.abandon()
    }

    @Test("a metadata transaction that nobody ended has no effect, and is aborted")
    func transactions() throws {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk)
        var record = TopicRecord()
        record.name = "never"
        record.topicID = UUID(high: 1, low: 2)
        try half.metadata.append([.beginTransaction, .topic(record)])
        #expect(half.metadata.image.topics.isEmpty)
        half.directory.abandon()
        let killed = disk.afterKill()
        let next = try StorageHalf(on: killed)
        #expect(!next.metadata.image.isInTransaction)
        #expect(next.catalog.topics.all.isEmpty)
        #expect(next.create("t", partitions: 1) == nil)
        next.directory.abandon()
        let last = try StorageHalf(on: killed.afterKill())
        #expect(last.metadata.image.topics[record.topicID] == nil)
        last.directory.abandon()
    }

    @Test("the node of the directory is adopted, unless the configuration names another")
    func node() throws {
        var settings = BrokerSettings()
        let owner = StorageOwner(clusterID: "c", nodeID: 7)
        #expect(try settings.adopting(owner, of: "/data").nodeID == 7)
        settings.isNodeIDGiven = true
        #expect(throws: StartError.self) { try settings.adopting(owner, of: "/data") }
        settings.nodeID = 7
        #expect(try settings.adopting(owner, of: "/data").nodeID == 7)
    }
}
