// Deleting records, called as a console would.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network
@testable import Storage

@Suite("administration of records", .endsHangs)
struct RecordAdministrationTests {
    private static let count: Int64 = 5

    /// Topics with five records each, of which one only compacts.
    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t")
        try rig.topic("u")
        try rig.topic("c", ["cleanup.policy": "compact"])
        try rig.topic(GroupHost.topicName)
        try append("t", rig)
        try append("u", rig)
        rig.flush()
        return rig
    }

    private func append(_ topic: Name, _ rig: BrokerRig) throws {
        let client = try rig.connect()
        for _ in 0..<Self.count { try client.send(ProduceRequest(topic, acks: 1), version: 8) }
    }

    private func deletion(
        _ topic: Name, _ before: RecordDeletion.Bound, partition: Int32 = 0
    ) -> RecordDeletion {
        RecordDeletion(
            partition: TopicPartition(topic: topic, partition: PartitionIndex(partition)), before: before)
    }

    private func delete(_ wanted: [RecordDeletion], _ rig: BrokerRig) throws -> [Result<Offset, Refusal>] {
        try rig.value(of: rig.administration.deleteRecords(wanted, answer: { $0 }))
    }

    @Test("starts move, each refusal says why, and the order is that of the wishes")
    func outcomes() throws {
        let rig = try rig()
        let wanted = [
            deletion("t", .offset(Offset(2))), deletion("nowhere", .highWatermark),
            deletion("u", .highWatermark), deletion("t", .offset(Offset(1)), partition: 1),
            deletion("c", .offset(.zero)), deletion("t", .offset(Offset(Self.count + 1))),
            deletion("t", .offset(Offset(.min))), deletion(GroupHost.topicName, .highWatermark),
            deletion("t", .offset(Offset(.max)), partition: .min),
        ]
        let done = try delete(wanted, rig)
        #expect(try done[0].get() == Offset(2) && done[2].get() == Offset(Self.count))
        #expect(
            done.map { $0.refusal?.code } == [
                nil, .unknownTopicOrPartition, nil, .unknownTopicOrPartition, .policyViolation,
                .offsetOutOfRange, .offsetOutOfRange, .invalidTopicException, .unknownTopicOrPartition,
            ])
        #expect(done.allSatisfy { $0.refusal.map { $0.message?.isEmpty == false } ?? true })
        #expect(try delete([], rig).isEmpty)
    }

    @Test("a client is told what the function gives")
    func agreement() throws {
        let (called, asked) = (try rig(), try rig())
        let names: [Name] = ["t", "c", "u", "nowhere"]
        let bounds: [Int64] = [3, -1, -1, 9]
        let done = try delete(
            zip(names, bounds).map { deletion($0, $1 == -1 ? .highWatermark : .offset(Offset($1))) }, called)
        let request = DeleteRecordsRequest(zip(names, bounds).map { ($0, $1) })
        let client = try asked.connect()
        try client.send(request, version: 2)
        let told = try #require(try client.reply(to: DeleteRecordsRequest.self, 2, asked)).topics
        #expect(told.map(\.name) == names)
        let partitions = told.map { $0.partitions[0] }
        #expect(partitions.map(\.lowWatermark) == done.map { (try? $0.get())?.value ?? -1 })
        #expect(partitions.map(\.errorCode) == done.map { ($0.refusal?.code ?? .none).rawValue })
    }

    @Test("the result comes when the new start is durable")
    func durable() throws {
        let rig = try rig()
        #expect(try delete([deletion("t", .offset(Offset(4)))], rig)[0].get() == Offset(4))
        let half = try StorageHalf(on: rig.disk.afterPowerCut())
        // The rig's metadata log is never synced, so its topic may be gone; the directory tells all the same.
        let found = try half.directory.partitions().first { $0.partition.topic == "t" }
        let log = try half.directory.openPartition(
            TopicPartition(topic: "t", partition: PartitionIndex(0)), id: try #require(found?.topicID),
            config: LogConfig())
        #expect(log.bounds.logStart == Offset(4))
    }

    @Test("a start that cannot be written down is refused, and so is what moved beside it")
    func notDurable() throws {
        let rig = try rig()
        rig.disk.fail(.rename, suffix: "log-start-offset-checkpoint.tmp", errno: 5)
        let wanted = [
            deletion("t", .highWatermark), deletion("c", .highWatermark), deletion("u", .offset(.zero)),
        ]
        let done = try delete(wanted, rig)
        #expect(done.map { $0.refusal?.code } == [.kafkaStorageError, .policyViolation, .kafkaStorageError])
        #expect(rig.lines.all.contains { $0.contains("record_deletion.failed") })
    }

    @Test("a disk that stands still is waited for no longer than its limit, and nothing is deleted later")
    func hangingDisk() throws {
        let rig = try rig()
        try append("t", rig)
        let wanted = [deletion("t", .highWatermark), deletion("nowhere", .highWatermark)]
        let late = Awaited(rig.administration.deleteRecords(wanted, answer: { $0 }), on: rig.loop)
        rig.step()
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(late.value == nil)
        rig.advance(milliseconds: 2)
        #expect(late.value?.map { $0.refusal?.code } == [.requestTimedOut, .requestTimedOut])
        rig.flush()
        let described = rig.administration.describeTopics().first { $0.name == "t" }
        #expect(described?.partitions[0].bounds?.logStart == .zero)
        #expect(described?.partitions[0].bounds?.highWatermark == Offset(2 * Self.count))
    }

    @Test("a log that is not open yet is opened first, and waited for as long as the disk may take")
    func opening() throws {
        let first = try rig()
        first.step()
        try first.storage.stop(brokerEpoch: 1)
        let rig = try BrokerRig(on: first.disk) { $0.offsetsPartitions = 1 }
        let wanted = [deletion("t", .offset(Offset(2))), deletion("u", .highWatermark)]
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.isSettled == false)
        let late = Awaited(rig.administration.deleteRecords([wanted[1]], answer: { $0 }), on: rig.loop)
        rig.step(pool: false)
        rig.advance(milliseconds: DiskWait.limitMilliseconds + 1, pool: false)
        #expect(late.value?.map { $0.refusal?.code } == [.requestTimedOut])
        #expect(try delete([wanted[0]], rig)[0].get() == Offset(2))
        let other = rig.administration.describeTopics().first { $0.name == "u" }
        #expect(other?.partitions[0].bounds?.logStart == .zero)
    }
}
