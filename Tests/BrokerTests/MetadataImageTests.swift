import Base
import Protocol
import Testing

@testable import Broker

@Suite("the state that the metadata log amounts to")
struct MetadataImageTests {
    private let id = UUID(high: 1, low: 2)

    private func topic(_ name: Name = "t") -> MetadataRecord {
        var record = TopicRecord()
        record.name = name
        record.topicID = id
        return .topic(record)
    }

    private func partition(_ index: Int32, epoch: Int32 = 0) -> MetadataRecord {
        var record = PartitionRecord()
        record.topicID = id
        record.partitionID = index
        record.leaderEpoch = epoch
        record.partitionEpoch = 0
        return .partition(record)
    }

    private func image(_ records: [MetadataRecord]) -> MetadataImage {
        var image = MetadataImage()
        for record in records { image.apply(record) }
        return image
    }

    @Test("a topic has its partitions and configurations until it is removed")
    func topics() {
        var config = ConfigRecord()
        config.resourceType = 2
        config.resourceName = "t"
        config.name = "retention.ms"
        config.value = "1"
        var removal = RemoveTopicRecord()
        removal.topicID = id
        let records = [topic(), .config(config), partition(0), partition(1, epoch: 4)]
        let before = image(records)
        #expect(before.topics[id]?.partitions[1]?.leaderEpoch == 4)
        #expect(before.configs[.topic("t")] == ["retention.ms": "1"])
        let after = image(records + [.removeTopic(removal)])
        #expect(after.topics.isEmpty)
        #expect(after.configs.isEmpty)
    }

    private func state(
        leaderEpoch: Int32, partitionEpoch: Int32, leader: Int32
    ) -> MetadataImage.PartitionState {
        var record = PartitionRecord()
        record.leaderEpoch = leaderEpoch
        record.partitionEpoch = partitionEpoch
        record.leader = leader
        return MetadataImage.PartitionState(record)
    }

    @Test("partitions are found by their numbers, whatever those are and in whatever order they come")
    func numbers() {
        var states = PartitionStates()
        var expected: [Int32: MetadataImage.PartitionState] = [:]
        let numbers: [Int32] = [0, 1, 2, 5, -1, .max, .min, 1, 3]
        for (epoch, number) in zip(Int32(0)..., numbers) {
            let state = state(leaderEpoch: epoch, partitionEpoch: 0, leader: 1)
            (states[number], expected[number]) = (state, state)
            for number in numbers + [4, -2] { #expect(states[number] == expected[number]) }
        }
        #expect(states.count == expected.count)
        for number in numbers {
            (states[number], expected[number]) = (nil, nil)
            for number in numbers { #expect(states[number] == expected[number]) }
        }
        #expect(states.count == 0)
    }

    @Test("naming a leader begins a new leader epoch, other changes do not")
    func changes() {
        var change = PartitionChangeRecord()
        change.topicID = id
        change.partitionID = 0
        let unchanged = image([topic(), partition(0), .partitionChange(change)])
        #expect(unchanged.topics[id]?.partitions[0] == state(leaderEpoch: 0, partitionEpoch: 1, leader: -1))
        change.leader = 1
        let raised = image([topic(), partition(0), .partitionChange(change)])
        #expect(raised.topics[id]?.partitions[0] == state(leaderEpoch: 1, partitionEpoch: 1, leader: 1))
    }

    @Test("producer ids never go back, and a configuration without a value is gone")
    func others() {
        var ids = ProducerIdsRecord()
        ids.nextProducerID = 2000
        var older = ids
        older.nextProducerID = 1000
        #expect(image([.producerIDs(ids), .producerIDs(older)]).nextProducerID == 2000)
        var config = ConfigRecord()
        config.resourceType = 4
        config.name = "x"
        config.value = "1"
        var cleared = config
        cleared.value = nil
        #expect(image([.config(config), .config(cleared)]).configs[.cluster]?.isEmpty == true)
    }

    @Test("records read back as they were written")
    func roundTrips() throws {
        let bytes = try topic("läng").encoded()
        guard case .topic(let read) = try MetadataRecord(reading: bytes.span.bytes) else {
            Issue.record("another record was read")
            return
        }
        #expect(read.name == "läng" && read.topicID == id)
    }

    @Test(
        "damaged records and frames of a later format are refused",
        arguments: [[], [1], [1, 2], [1, 2, 0, 9], [2, 2, 0]] as [[UInt8]])
    func damaged(bytes: [UInt8]) {
        #expect(throws: MetadataRecord.Unreadable.self) { try MetadataRecord(reading: bytes.span.bytes) }
    }
}
