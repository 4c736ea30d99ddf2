// When requests are answered, against when bytes reach the disk: the disk is synced only where a test says
// so.
import Base
import LocalStorage
import Protocol
import Simulation
import Storage
import Testing

@testable import Broker

@Suite("visible means durable")
struct DurabilityTests {
    @Test("acks=all is answered after the sync, acks=1 before it, acks=0 never")
    func acknowledgement() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        #expect(try client.produced() == [.at(0)])
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        #expect(try client.produced() == nil)
        try client.send(ProduceRequest("t", acks: 0), version: 8)
        rig.flush()
        #expect(try client.produced() == [.at(1)])
        #expect(try client.produced() == nil)
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.highWatermark == Offset(3))
    }

    @Test(
        "a duplicate of a batch that is not yet durable waits with acks=all and answers at once with acks=1"
    )
    func duplicate() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let (first, second, third) = (try rig.connect(), try rig.connect(), try rig.connect())
        let batch = RigBatch(producer: (id: 7, sequence: 0))
        try first.send(ProduceRequest("t", acks: -1, batch), version: 8)
        try second.send(ProduceRequest("t", acks: -1, batch), version: 8)
        try third.send(ProduceRequest("t", acks: 1, batch), version: 8)
        #expect(try first.produced() == nil)
        #expect(try second.produced() == nil)
        #expect(try third.produced() == [.at(0)])
        rig.flush()
        #expect(try first.produced() == [.at(0)])
        #expect(try second.produced() == [.at(0)])
        // Once it is durable a duplicate waits for nothing.
        try second.send(ProduceRequest("t", acks: -1, batch), version: 8)
        #expect(try second.produced() == [.at(0)])
    }

    @Test(
        "after a clean stop repetitions are still known, and what was sent behind one waits for its turn",
        arguments: ["CreateTime", "LogAppendTime"])
    func repetitionAfterStop(timestamps: String) throws {
        let first = try BrokerRig()
        try first.topic("t", ["message.timestamp.type": timestamps])
        let client = try first.connect()
        for sequence in Int32(0)..<4 {
            let batch = RigBatch(producer: (id: 7, sequence: sequence))
            try client.send(ProduceRequest("t", acks: 1, batch), version: 8)
        }
        first.flush()
        client.vanish()
        first.step()
        try first.storage.stop(brokerEpoch: 1)
        let rig = try BrokerRig(on: first.disk)
        let again = try rig.connect()
        // The snapshot knows the last of the four alone, so the first is looked for in the log.
        for sequence: Int32 in [1, 4, 2, 3] {
            let batch = RigBatch(producer: (id: 7, sequence: sequence))
            try again.send(ProduceRequest("t", acks: 1, batch), version: 8)
        }
        rig.flush()
        #expect(try again.produced() == [.at(1)])
        #expect(try again.produced() == [.at(4)])
        #expect(try again.produced() == [.at(2)])
        #expect(try again.produced() == [.at(3)])
    }

    @Test("a failed sync answers whoever waits, duplicates too, with KAFKA_STORAGE_ERROR")
    func failedSync() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let clients = try (0..<2).map { _ in try rig.connect() }
        let batch = RigBatch(producer: (id: 7, sequence: 0))
        for client in clients {
            try client.send(ProduceRequest("t", acks: -1, batch), version: 8)
            #expect(try client.produced() == nil)
        }
        rig.disk.fail(.sync, suffix: ".log", errno: 5)
        rig.flush()
        for client in clients { #expect(try client.produced() == [.failed(.kafkaStorageError)]) }
        try clients[0].send(ProduceRequest("t", acks: 1), version: 8)
        #expect(try clients[0].produced() == [.failed(.kafkaStorageError)])
    }

    @Test(
        "acks=all waits for the disk, whatever the request's timeout",
        arguments: [Int32.min, -1, 0, 1, 30_000, .max])
    func patience(timeout: Int32) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        var request = try ProduceRequest("t", acks: -1)
        request.timeoutMs = timeout
        try client.send(request, version: 8)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(try client.produced() == nil)
        rig.flush()
        #expect(try client.produced() == [.at(0)])
    }

    @Test("acks=all is answered with REQUEST_TIMED_OUT where the disk stands still")
    func timeout() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        rig.advance(milliseconds: DiskWait.limitMilliseconds + 1)
        #expect(try client.produced() == [.failed(.requestTimedOut)])
        rig.flush()
        #expect(try client.produced() == nil)
    }

    @Test("a fetch between high watermark and log end is empty, and wakes at the sync")
    func fetch() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let (producer, consumer) = (try rig.connect(), try rig.connect())
        for _ in 0..<3 { try producer.send(ProduceRequest("t", acks: 1), version: 8) }
        for offset in [Int64(0), 2, 3] {
            try consumer.send(FetchRequest("t", from: offset, maxWait: 0), version: 4)
            let empty = try #require(try consumer.fetched())
            #expect(empty.error == ErrorCode.none && empty.records.isEmpty && empty.highWatermark == 0)
        }
        try consumer.send(FetchRequest("t", from: 1, maxWait: 60_000), version: 4)
        #expect(try consumer.fetched() == nil)
        rig.flush()
        let woken = try #require(try consumer.fetched())
        #expect(woken.error == ErrorCode.none && !woken.records.isEmpty && woken.highWatermark == 3)
        // Beyond the log's end there is nothing to wait for.
        try consumer.send(FetchRequest("t", from: 4, maxWait: 60_000), version: 4)
        #expect(try consumer.fetched()?.error == .offsetOutOfRange)
    }

    @Test("a fetch whose time is over is answered empty")
    func fetchTimeout() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let consumer = try rig.connect()
        try consumer.send(FetchRequest("t", from: 0, maxWait: 500), version: 4)
        rig.advance(milliseconds: 499)
        #expect(try consumer.fetched() == nil)
        rig.advance(milliseconds: 2)
        #expect(try consumer.fetched()?.records == [])
    }

    @Test("ListOffsets(latest) waits until what it found at its arrival is durable, other timestamps do not")
    func listOffsets() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let (producer, consumer) = (try rig.connect(), try rig.connect())
        func offset() throws -> Int64? {
            try consumer.reply(ListOffsetsResponse.self, version: 4)?.topics.first?.partitions.first?.offset
        }
        try producer.send(ProduceRequest("t", acks: 1), version: 8)
        try consumer.send(ListOffsetsRequest("t", timestamp: -1), version: 4)
        try consumer.send(ListOffsetsRequest("t", timestamp: -2), version: 4)
        #expect(try offset() == nil)
        rig.flush()
        #expect(try offset() == 1)
        #expect(try offset() == 0)
    }

    @Test("ListOffsets(latest) says REQUEST_TIMED_OUT where the disk stands still, and tells the rest")
    func listOffsetsTimeout() throws {
        let rig = try BrokerRig()
        try rig.topic("t", partitions: 2)
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        var request = ListOffsetsRequest("t", timestamp: -1)
        var other = ListOffsetsRequest.ListOffsetsPartition()
        (other.partitionIndex, other.timestamp) = (1, -1)
        request.topics[0].partitions.append(other)
        try client.send(request, version: 4)
        #expect(try client.produced() == [.at(0)])
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(try client.reply(ListOffsetsResponse.self, version: 4) == nil)
        rig.advance(milliseconds: 2)
        let late = try client.reply(ListOffsetsResponse.self, version: 4)?.topics.first?.partitions
        #expect(late?.map(\.errorCode) == [ErrorCode.requestTimedOut.rawValue, 0])
        #expect(late?.map(\.offset) == [-1, 0])
        rig.flush()
        #expect(try client.reply(ListOffsetsResponse.self, version: 4) == nil)
    }

    @Test(
        "what waits for the metadata log is answered where the disk stands still",
        arguments: MetadataWait.allCases)
    func metadataWait(_ asked: MetadataWait) throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        // The thread that writes the metadata log waits for the disk.
        let (isStuck, gate) = (Signal(), Signal())
        rig.broker.catalog.worker.run {
            isStuck.raise()
            gate.wait()
        }
        isStuck.wait()
        try asked.send(by: client)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1)
        #expect(try asked.answer(to: client) == nil)
        rig.advance(milliseconds: 2)
        #expect(try asked.answer(to: client) == asked.late)
        gate.raise()
    }

    @Test("with apus.durability=os nothing waits for the disk")
    func pageCache() throws {
        let rig = try BrokerRig { $0.durability = .os }
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        #expect(try client.produced() == [.at(0)])
        try client.send(FetchRequest("t", from: 0, maxWait: 60_000), version: 4)
        #expect(try client.fetched()?.records.isEmpty == false)
    }
}

/// Requests that are answered when the metadata log is durable.
enum MetadataWait: CaseIterable {
    case createTopics, deleteTopics, metadata, initProducerID, findCoordinator, commitOffsets

    /// What they are told otherwise.
    var late: ErrorCode {
        switch self {
        case .createTopics, .deleteTopics, .initProducerID: .requestTimedOut
        case .metadata: .unknownTopicOrPartition
        case .findCoordinator, .commitOffsets: .coordinatorNotAvailable
        }
    }

    func send(by client: RigClient) throws {
        switch self {
        case .createTopics:
            var topic = CreateTopicsRequest.CreatableTopic()
            (topic.name, topic.numPartitions, topic.replicationFactor) = ("new", 1, 1)
            var request = CreateTopicsRequest()
            request.topics = [topic]
            try client.send(request, version: 4)
        case .deleteTopics:
            var request = DeleteTopicsRequest()
            request.topicNames = ["t"]
            request.timeoutMs = 1000
            try client.send(request, version: 4)
        case .metadata:
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = "new"
            var request = MetadataRequest()
            request.topics = [topic]
            try client.send(request, version: 4)
        case .initProducerID:
            var request = InitProducerIdRequest()
            request.transactionalID = nil
            try client.send(request, version: 1)
        case .findCoordinator:
            var request = FindCoordinatorRequest()
            request.key = "g"
            try client.send(request, version: 2)
        case .commitOffsets:
            var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
            partition.committedOffset = 1
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = "t"
            topic.partitions = [partition]
            var request = OffsetCommitRequest()
            request.groupID = "g"
            request.topics = [topic]
            try client.send(request, version: 8)
        }
    }

    /// The error of the answer; nil while there is none.
    func answer(to client: RigClient) throws -> ErrorCode? {
        let code: Int16? =
            switch self {
            case .createTopics:
                try client.reply(CreateTopicsResponse.self, version: 4)?.topics.first?.errorCode
            case .deleteTopics:
                try client.reply(DeleteTopicsResponse.self, version: 4)?.responses.first?.errorCode
            case .metadata: try client.reply(MetadataResponse.self, version: 4)?.topics.first?.errorCode
            case .initProducerID: try client.reply(InitProducerIdResponse.self, version: 1)?.errorCode
            case .findCoordinator: try client.reply(FindCoordinatorResponse.self, version: 2)?.errorCode
            case .commitOffsets:
                try client.reply(OffsetCommitResponse.self, version: 8)?.topics.first?.partitions.first?
                    .errorCode
            }
        return code.flatMap { ErrorCode(rawValue: $0) }
    }
}
