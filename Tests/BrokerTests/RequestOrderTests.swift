// What one request of a connection did the next one sees, as Kafka serves them one at a time: pairs that are
// sent together.
import Base
import Glibc
import Protocol
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("the requests of a connection take effect in their order")
struct RequestOrderTests {
    /// The next reply, once threads and pools have come that far.
    private func reply<Reply: ReplyMessage>(
        _ type: Reply.Type, _ version: Int16, _ client: RigClient, _ rig: BrokerRig, syncs: Bool = true
    ) throws -> Reply {
        for _ in 0..<2_000 {
            rig.step()
            if syncs { rig.flush() }
            if let reply = try client.reply(type, version: version) { return reply }
            usleep(1_000)
        }
        return try #require(nil as Reply?, "\(type) never comes")
    }

    private func metadata(_ name: Name, creates: Bool = false) -> MetadataRequest {
        var request = MetadataRequest()
        var topic = MetadataRequest.MetadataRequestTopic()
        topic.name = name
        request.topics = [topic]
        request.allowAutoTopicCreation = creates
        return request
    }

    private func topicError(_ client: RigClient, _ rig: BrokerRig) throws -> Int16? {
        try reply(MetadataResponse.self, 8, client, rig).topics.first?.errorCode
    }

    @Test(
        "Metadata behind DeleteTopics does not find the topic, behind CreateTopics it does", arguments: 0..<10
    )
    func topics(round: Int) throws {
        let rig = try BrokerRig()
        try rig.topic("old")
        let client = try rig.connect()
        var deletion = DeleteTopicsRequest()
        (deletion.topicNames, deletion.timeoutMs) = (["old"], 1000)
        var creation = CreateTopicsRequest()
        var topic = CreateTopicsRequest.CreatableTopic()
        (topic.name, topic.numPartitions, topic.replicationFactor) = ("new", 1, 1)
        (creation.topics, creation.timeoutMs) = ([topic], 1000)
        try client.send(deletion, version: 5)
        try client.send(metadata("old"), version: 8)
        try client.send(creation, version: 5)
        try client.send(metadata("new"), version: 8)
        #expect(try reply(DeleteTopicsResponse.self, 5, client, rig).responses.first?.errorCode == 0)
        #expect(try topicError(client, rig) == ErrorCode.unknownTopicOrPartition.rawValue)
        #expect(try reply(CreateTopicsResponse.self, 5, client, rig).topics.first?.errorCode == 0)
        #expect(try topicError(client, rig) == 0)
    }

    @Test("a Produce behind the Metadata that creates its topic finds it")
    func autoCreation() throws {
        let rig = try BrokerRig()
        let client = try rig.connect()
        try client.send(metadata("t", creates: true), version: 8)
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        #expect(try topicError(client, rig) == 0)
        #expect(try reply(ProduceResponse.self, 8, client, rig).outcomes == [.at(0)])
    }

    @Test("ListOffsets behind DeleteRecords sees the new start")
    func deletedRecords() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for _ in 0..<5 { try client.send(ProduceRequest("t", acks: 1), version: 8) }
        rig.flush()
        while try client.produced() != nil {}
        var deletion = DeleteRecordsRequest()
        var topic = DeleteRecordsRequest.DeleteRecordsTopic()
        topic.name = "t"
        topic.partitions = [.init()]
        topic.partitions[0].offset = 3
        (deletion.topics, deletion.timeoutMs) = ([topic], 1000)
        // The pool stands still until both have arrived.
        try client.send(deletion, version: 1, pool: false)
        try client.send(ListOffsetsRequest("t", timestamp: -2), version: 4, pool: false)
        let deleted = try reply(DeleteRecordsResponse.self, 1, client, rig)
        #expect(deleted.topics.first?.partitions.first?.lowWatermark == 3)
        let listed = try reply(ListOffsetsResponse.self, 4, client, rig)
        #expect(listed.topics.first?.partitions.first?.offset == 3)
    }

    @Test("what reads behind a Produce with acks=all sees its records, and Produces overlap")
    func appends() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for _ in 0..<3 { try client.send(ProduceRequest("t", acks: -1), version: 8) }
        try client.send(FetchRequest("t", from: 0, maxWait: 0), version: 4)
        try client.send(ListOffsetsRequest("t", timestamp: -1), version: 4)
        // All three are appended, and one turn of the flusher serves them.
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.log?.bounds.logEnd == Offset(3))
        #expect(try client.produced() == nil)
        rig.flush()
        for offset in 0..<3 { #expect(try client.produced() == [.at(Int64(offset))]) }
        let fetched = try reply(FetchResponse.self, 4, client, rig)
        #expect(fetched.responses.first?.partitions.first?.highWatermark == 3)
        if case .bytes(let bytes) = fetched.responses.first?.partitions.first?.records {
            #expect(!bytes.isEmpty)
        } else {
            Issue.record("no records")
        }
        let listed = try reply(ListOffsetsResponse.self, 4, client, rig)
        #expect(listed.topics.first?.partitions.first?.offset == 3)
    }

    @Test("a Fetch that waits holds nothing back")
    func reads() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        try client.send(FetchRequest("t", from: 0, maxWait: 60_000), version: 4)
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        rig.flush()
        #expect(try client.fetched()?.records.isEmpty == false)
        #expect(try client.produced() == [.at(0)])
    }

    @Test("a client that goes while its requests are held leaves nothing behind")
    func departure() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let idle = rig.heldBytes
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: -1), version: 8)
        try client.send(FetchRequest("t", from: 0, maxWait: 60_000), version: 4)
        client.vanish()
        rig.step()
        rig.flush()
        #expect(rig.heldBytes == idle)
        #expect(rig.broker.catalog.topics["t"]?.partition(0)?.waitingReaders == 0)
    }
}
