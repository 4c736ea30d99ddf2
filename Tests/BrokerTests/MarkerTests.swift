// The ends of transactions on their way into partitions: by WriteTxnMarkers, and from the coordinator.
import Base
import Protocol
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

extension WriteTxnMarkersRequest {
    /// Ends a transaction of one producer in partitions of topics.
    fileprivate init(
        _ producer: Int64, _ epoch: Int16, isCommit: Bool = true, coordinator: Int32 = 0, version: Int8 = 0,
        _ topics: [(Name, [Int32])] = [("t", [0])]
    ) {
        self.init()
        var marker = WritableTxnMarker()
        (marker.producerID, marker.producerEpoch, marker.transactionResult) = (producer, epoch, isCommit)
        (marker.coordinatorEpoch, marker.transactionVersion) = (coordinator, version)
        marker.topics = topics.map { name, partitions in
            var topic = WritableTxnMarkerTopic()
            (topic.name, topic.partitionIndexes) = (name, partitions)
            return topic
        }
        markers = [marker]
    }
}

extension WriteTxnMarkersResponse {
    /// Each partition's error, as text.
    fileprivate var codes: [String] {
        markers.flatMap { marker in
            marker.topics.flatMap { topic in
                topic.partitions.map {
                    "\(marker.producerID) \(topic.name)-\($0.partitionIndex) \($0.errorCode)"
                }
            }
        }
    }
}

@Suite("ends of transactions")
struct MarkerTests {
    private func ask(_ rig: BrokerRig, _ request: WriteTxnMarkersRequest, _ version: Int16 = 2) throws
        -> [String]
    {
        let client = try rig.connect()
        try client.send(request, version: version)
        return try #require(try client.reply(to: WriteTxnMarkersRequest.self, version, rig)).codes
    }

    private func asked(
        _ rig: BrokerRig, _ producer: Int64, _ epoch: Int16, coordinator: Int32 = 0, version: Int8 = 0
    ) throws -> Int16? {
        let codes = try ask(
            rig, WriteTxnMarkersRequest(producer, epoch, coordinator: coordinator, version: version))
        return codes.first?.split(separator: " ").last.flatMap { Int16($0) }
    }

    @Test("WriteTxnMarkers answers what Kafka does")
    func codes() throws {
        let rig = try BrokerRig()
        try rig.topic("t", partitions: 2)
        // Recorded from Kafka 4.3.1, in this order.
        #expect(try asked(rig, 5000, 0) == 0)
        #expect(try asked(rig, 5000, 1, coordinator: -1) == 52)
        #expect(try asked(rig, 5000, 0) == 0)
        #expect(try asked(rig, 5001, -1) == -1)
        #expect(try asked(rig, -1, 0) == -1)
        #expect(try asked(rig, 5000, 1, coordinator: 5) == 0)
        #expect(try asked(rig, 5000, 0, coordinator: 5) == 47)
        #expect(try asked(rig, 5000, 2, coordinator: 4) == 52)
        #expect(try asked(rig, 5002, 3, version: 2) == 0)
        #expect(try asked(rig, 5002, 3, version: 2) == 0)
        #expect(try asked(rig, 5002, 2, version: 2) == 47)
        #expect(try asked(rig, 5002, 9, version: 9) == 0)
        #expect(try asked(rig, 5002, 10, version: -1) == -1)
        let mixed = WriteTxnMarkersRequest(5003, 0, [("t", [0, 7]), ("nothing", [0])])
        for version: Int16 in 1...2 {
            #expect(try ask(rig, mixed, version) == ["5003 t-0 0", "5003 t-7 3", "5003 nothing-0 3"])
        }
        #expect(try ask(rig, WriteTxnMarkersRequest()) == [])
        #expect(try ask(rig, WriteTxnMarkersRequest(1, 0, [])) == [])
        #expect(try ask(rig, WriteTxnMarkersRequest(1, 0, [("t", [])])) == [])
        #expect(
            try ask(rig, WriteTxnMarkersRequest(1, 0, [("__consumer_offsets", [0])])).last?.hasSuffix("3")
                == true)
        // Kafka never answers this one.
        #expect(try ask(rig, WriteTxnMarkersRequest(1, 0, [("t", [1, 1]), ("t", [1])])) == ["1 t-1 0"])
        #expect(rig.lines.all.filter { $0.contains("marker.fenced") }.count > 1)
    }

    private static let marker = TransactionMarker(
        producerID: ProducerID(1), producerEpoch: 0, coordinatorEpoch: 0, outcome: .abort,
        transactionVersion: 0)

    /// What became of a marker; nil while it is not known of all partitions.
    private final class Results: Sendable {
        let value = Lock<[MarkerResult]?>(nil)
        var all: [MarkerResult]? { value.withLock { $0 } }
    }

    private func write(
        _ rig: BrokerRig, _ marker: TransactionMarker = marker, on partitions: [(Name, Int32)],
        isOrdered: Bool = false
    ) -> Results {
        let results = Results()
        let partitions = partitions.map { TopicPartition(topic: $0, partition: PartitionIndex($1)) }
        rig.broker.markers.write(marker, on: partitions, isOrdered: isOrdered) { all in
            results.value.withLock { $0 = all.map(\.1) }
        }
        return results
    }

    @Test("a marker is told of when it is durable, and of a topic that is gone nothing is owed")
    func durability() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let results = write(rig, on: [("t", 0), ("gone", 0), ("t", 1)])
        #expect(results.all == nil)
        rig.flush()
        #expect(results.all == [.durable, .gone, .gone])
        var later = Self.marker
        later.producerEpoch = 3
        #expect(write(rig, later, on: []).all == [])
        _ = write(rig, later, on: [("t", 0)])
        #expect(write(rig, on: [("t", 0)]).all == [.fenced(.invalidProducerEpoch)])
    }

    @Test("what the coordinator ordered is written though a tool said a later epoch of a coordinator")
    func laterCoordinator() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        var told = Self.marker
        told.coordinatorEpoch = 1_000
        _ = write(rig, told, on: [("t", 0)])
        rig.flush()
        // Another tool is refused as by Kafka.
        #expect(write(rig, on: [("t", 0)]).all == [.fenced(.transactionCoordinatorFenced)])
        let ordered = write(rig, on: [("t", 0)], isOrdered: true)
        rig.flush()
        #expect(ordered.all == [.durable])
        let producer = rig.broker.catalog.topics["t"]?.partition(0)?.log?.knownProducers.first
        #expect(producer?.coordinatorEpoch == 1_000)
    }

    @Test("what is owed to a topic that is deleted meanwhile is gone with it, also under a new topic's name")
    func deletedMeanwhile() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let results = write(rig, on: [("t", 0)])
        try rig.delete("t")
        rig.step()
        try rig.topic("t")
        rig.flush()
        #expect(results.all == [.gone])
    }

    @Test("a partition whose disk fails still has its markers to come")
    func failure() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let results = write(rig, on: [("t", 0)])
        rig.disk.fail(.sync, errno: 5, isLasting: true)
        rig.flush()
        #expect(results.all == [.failed(.kafkaStorageError)])
        #expect(write(rig, on: [("t", 0)]).all == [.failed(.kafkaStorageError)])
    }
}
