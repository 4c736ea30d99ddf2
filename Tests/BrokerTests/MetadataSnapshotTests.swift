// Snapshots that Apus writes: the same state as the log they stand for, and then the log may go.
import Base
import Protocol
import Records
import Security
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("metadata snapshots")
struct MetadataSnapshotTests {
    /// A record that changes something, nothing, or what is not there.
    private func record(_ random: inout SeededRandom) -> MetadataRecord {
        let number = UInt64.random(in: 1...4, using: &random)
        let id = UUID(high: 1, low: 100 + number)
        switch Int.random(in: 0..<16, using: &random) {
        case 0, 1:
            var record = TopicRecord()
            record.name = "t\(number)"
            record.topicID = id
            return .topic(record)
        case 2, 3:
            return .partition(
                PartitionRecord(Int32.random(in: 0...2, using: &random), of: id, on: 1, UUID(high: 7, low: 7))
            )
        case 4, 5:
            var change = PartitionChangeRecord()
            change.topicID = id
            change.partitionID = Int32.random(in: 0...2, using: &random)
            if random.chance(50) { change.leader = Int32.random(in: -1...1, using: &random) }
            if random.chance(50) { change.isr = random.chance(50) ? [1] : [] }
            if random.chance(30) { change.directories = [UUID(high: 7, low: number)] }
            return .partitionChange(change)
        case 6:
            var record = RemoveTopicRecord()
            record.topicID = id
            return .removeTopic(record)
        case 7, 8:
            var config = ConfigRecord()
            config.resourceType = random.chance(80) ? 2 : 4
            config.resourceName = config.resourceType == 2 ? "t\(number)" : ""
            config.name = "key\(Int.random(in: 0...2, using: &random))"
            config.value = random.chance(30) ? nil : "\(number)"
            return .config(config)
        case 9:
            var feature = FeatureLevelRecord()
            feature.name = ["metadata.version", "group.version"][Int(number % 2)]
            feature.featureLevel = Int16.random(in: 0...3, using: &random)
            return .featureLevel(feature)
        case 10:
            var ids = ProducerIdsRecord()
            ids.nextProducerID = Int64(number) * 1000
            return .producerIDs(ids)
        case 11:
            // Type 10 is a delegation token: it has to be there, whatever it says.
            return .unmodelled(type: 10, value: [1, 10, 0] + [UInt8](repeating: 7, count: Int(number)))
        case 12...14: return clusterRecord(number, &random)
        default:
            return [.beginTransaction, .endTransaction, .abortTransaction, .noOp][Int(number) - 1]
        }
    }

    private func accessRecord(_ number: UInt64, _ random: inout SeededRandom) -> MetadataRecord {
        let id = UUID(high: 3, low: number % 5)
        guard random.chance(70) else {
            var record = RemoveAccessControlEntryRecord()
            record.id = id
            return .removeAccessRule(record)
        }
        // One in four is about something that only a later version knows.
        var record = AccessRule(
            ResourcePattern(.topic, .prefixed, "t"), principal: "User:u\(number % 5)", host: "*",
            operation: .read, permission: .deny
        ).record(id)
        if random.chance(25) { record.resourceType = 99 }
        return .accessRule(record)
    }

    /// One of quotas, users and access rules.
    private func clusterRecord(_ number: UInt64, _ random: inout SeededRandom) -> MetadataRecord {
        if random.chance(30) { return accessRecord(number, &random) }
        guard random.chance(30) else {
            let entity = QuotaEntity(
                names: number % 2 == 0 ? ["user": "u\(number)"] : ["user": nil, "client-id": "c"])
            return .clientQuota(
                ClientQuotaRecord(entity, "key\(number % 3)", random.chance(30) ? nil : Double(number)))
        }
        let id = ScramCredentialID(name: "u\(number)", mechanism: Int8(number % 2))
        guard random.chance(70) else {
            return .removeUserScramCredential(RemoveUserScramCredentialRecord(id))
        }
        let credential = ScramCredential(
            iterations: Int32(number), salt: [UInt8(number)], storedKey: [1], serverKey: [2])
        return .userScramCredential(UserScramCredentialRecord(id, credential))
    }

    private func batch(_ records: [MetadataRecord], at offset: Offset) throws -> [UInt8] {
        var options = BatchOptions()
        options.baseOffset = offset
        options.leaderEpoch = LeaderEpoch(5)
        var builder = BatchBuilder(options)
        for record in records {
            builder.append(
                timestamp: Timestamp(milliseconds: 1), key: nil, value: try record.encoded())
        }
        return try builder.finish()
    }

    @Test("a snapshot gives the state that its records give", arguments: 0..<300)
    func sameState(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var replay = MetadataReplay()
        var contents = MetadataContents()
        for _ in 0..<40 {
            let bytes = try batch([record(&random)], at: .zero)
            try replay.apply(try RecordBatch(reading: bytes.span.bytes))
            try contents.apply(try RecordBatch(reading: bytes.span.bytes))
        }
        // A transaction that is not over has no place in a snapshot.
        replay.image.apply(.abortTransaction)
        let file = try MetadataSnapshot.bytes(contents, at: Timestamp(milliseconds: 2))
        var again = MetadataReplay()
        var cursor = BatchCursor(file.span.bytes)
        while let batch = try cursor.next() { try again.apply(batch) }
        #expect(again.hasFooter)
        #expect(again.image.topics == replay.image.topics)
        let configured = { (image: MetadataImage) in image.configs.filter { !$0.value.isEmpty } }
        #expect(configured(again.image) == configured(replay.image))
        #expect(again.image.features == replay.image.features)
        #expect(again.image.quotas == replay.image.quotas)
        #expect(again.image.credentials == replay.image.credentials)
        #expect(again.image.accessRules.all == replay.image.accessRules.all)
        #expect(again.image.nextProducerID == replay.image.nextProducerID)
        #expect(again.image.unmodelledRecords == replay.image.unmodelledRecords)
    }

    private func settings() -> BrokerSettings {
        var settings = BrokerSettings()
        settings.metadataSegmentBytes = 2000
        settings.metadataSnapshotBytes = 3000
        settings.metadataRetentionBytes = 0
        return settings
    }

    private func keeper(_ half: StorageHalf) -> MetadataSnapshotKeeper {
        MetadataSnapshotKeeper(
            half.metadata, in: half.directory, MetadataSnapshotLimits(half.settings), clock: half.clock,
            logger: half.lines.logger)
    }

    private func names(_ disk: SimulatedDisk, _ suffix: String) throws -> [String] {
        try disk.list("/data/__cluster_metadata-0").map(\.name).filter { $0.hasSuffix(suffix) }.sorted()
    }

    @Test(
        "log and snapshots stay small however often topics come and go, and a start needs no more than them")
    func keepsSmall() throws {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk, settings())
        let keeper = keeper(half)
        #expect(half.create("kept", partitions: 2) == nil)
        try half.append("kept", 1)
        for round in 0..<40 {
            #expect(half.create("t\(round)", partitions: 3) == nil)
            #expect(half.delete("t\(round)") == nil)
            _ = keeper.run()
            _ = half.directory.removeDeletedSegments(at: .max)
        }
        #expect(try names(disk, ".checkpoint").count == 1)
        let segments = try names(disk, ".log")
        #expect(segments.count <= 4 && segments.first != "00000000000000000000.log")
        let image = half.metadata.image
        half.storage.abandon()
        let again = try StorageHalf(on: disk.afterPowerCut(), settings())
        #expect(again.metadata.image.topics.values.map(\.name) == ["kept"])
        #expect(again.metadata.image.features == image.features)
        #expect(again.metadata.image.nextProducerID == image.nextProducerID)
        #expect(again.catalog.topics["kept"]?.partitions.count == 2)
        #expect(try again.log("kept", 1).bounds.logEnd == Offset(1))
        #expect(try again.epoch("kept", 1) == 1)
        again.storage.abandon()
    }

    @Test("a snapshot is due by size or by time, and only if something is new")
    func due() throws {
        let half = try StorageHalf(on: SimulatedDisk(seed: 1))
        let keeper = keeper(half)
        let hour: Int64 = 3_600_000
        #expect(keeper.run() == .milliseconds(hour))
        half.clock.advance(milliseconds: hour - 1)
        #expect(keeper.run() == .milliseconds(1))
        half.clock.advance(milliseconds: 1)
        #expect(keeper.run() == nil)
        #expect(half.lines.all.count { $0.contains("metadata_snapshot.written ") } == 1)
        half.clock.advance(milliseconds: 2 * hour)
        #expect(keeper.run() == nil)
        #expect(half.lines.all.count { $0.contains("metadata_snapshot.written ") } == 1)
        half.storage.abandon()
    }

    @Test("whenever the power goes while snapshots are written, the next start finds every topic")
    func powerCuts() throws {
        for operations in stride(from: 5, to: 1200, by: 7) {
            let disk = SimulatedDisk(seed: UInt64(operations))
            let half = try StorageHalf(on: disk, settings())
            let keeper = keeper(half)
            disk.crash(after: operations)
            var made: [Name] = []
            for round in 0..<12 {
                guard half.create("t\(round)", partitions: 2) == nil, !disk.isDead else { break }
                made.append("t\(round)")
                _ = keeper.run()
                _ = half.directory.removeDeletedSegments(at: .max)
            }
            half.storage.abandon()
            let again = try StorageHalf(on: disk.afterPowerCut(), settings())
            let found = Set(again.catalog.topics.all.map(\.name))
            #expect(Set(made).isSubset(of: found), "after \(operations) operations")
            again.storage.abandon()
        }
    }

    @Test("a disk that fails costs a snapshot, and nothing else")
    func failingDisk() throws {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk, settings())
        let keeper = keeper(half)
        for round in 0..<20 { #expect(half.create("t\(round)", partitions: 1) == nil) }
        disk.fail(.write, suffix: ".checkpoint.tmp", errno: 28)
        #expect(keeper.run() == .seconds(60))
        #expect(half.lines.all.contains { $0.contains("metadata_snapshot.failed") })
        #expect(try names(disk, ".checkpoint").isEmpty)
        #expect(half.create("u", partitions: 1) == nil)
        #expect(keeper.run() == nil)
        #expect(try names(disk, ".checkpoint").count == 1)
        half.storage.abandon()
    }
}
