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

    private func join(as memberID: Name = "") -> JoinGroupRequest {
        var request = JoinGroupRequest()
        (request.groupID, request.memberID, request.protocolType) = ("g", memberID, "consumer")
        (request.sessionTimeoutMs, request.rebalanceTimeoutMs) = (10_000, 10_000)
        var range = JoinGroupRequest.JoinGroupRequestProtocol()
        range.name = "range"
        request.protocols = [range]
        return request
    }

    private func commit(_ memberID: Name, _ generation: Int32) -> OffsetCommitRequest {
        var request = OffsetCommitRequest()
        (request.groupID, request.memberID, request.generationIDOrMemberEpoch) = ("g", memberID, generation)
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        (topic.name, topic.partitions) = ("t", [.init()])
        request.topics = [topic]
        return request
    }

    private func committed(_ client: RigClient, _ rig: BrokerRig) throws -> ErrorCode? {
        let reply = try reply(OffsetCommitResponse.self, 8, client, rig)
        return try ErrorCode(rawValue: #require(reply.topics.first?.partitions.first).errorCode)
    }

    /// Here we differ: Kafka keeps the commit until the JoinGroup is answered, and refuses it as one of a
    /// generation that is over.
    @Test("a commit behind a JoinGroup that waits counts in the generation that ends, and no longer")
    func commits() throws {
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t")
        try rig.topic(GroupHost.topicName, partitions: 1)
        let (leader, follower) = (try rig.connect(), try rig.connect())
        try leader.send(join(), version: 3)
        let leaderID = try reply(JoinGroupResponse.self, 3, leader, rig).memberID
        try follower.send(join(), version: 3)
        try leader.send(join(as: leaderID), version: 3)
        let joined = try reply(JoinGroupResponse.self, 3, follower, rig)
        #expect(try reply(JoinGroupResponse.self, 3, leader, rig).generationID == joined.generationID)
        var sync = SyncGroupRequest()
        (sync.groupID, sync.memberID, sync.generationID) = ("g", leaderID, joined.generationID)
        try leader.send(sync, version: 1)
        #expect(try reply(SyncGroupResponse.self, 1, leader, rig).errorCode == 0)
        // The leader begins a round, which waits for the follower.
        try leader.send(join(as: leaderID), version: 3)
        try leader.send(commit(leaderID, joined.generationID), version: 8)
        rig.flush()
        #expect(try leader.reply(JoinGroupResponse.self, version: 3) == nil)
        try follower.send(join(as: joined.memberID), version: 3)
        let generation = try reply(JoinGroupResponse.self, 3, leader, rig).generationID
        #expect(generation == joined.generationID + 1)
        #expect(try committed(leader, rig) == ErrorCode.none)
        try leader.send(commit(leaderID, joined.generationID), version: 8)
        #expect(try committed(leader, rig) == .illegalGeneration)
        // Until the leader has told who gets what, nobody may commit.
        try leader.send(commit(leaderID, generation), version: 8)
        #expect(try committed(leader, rig) == .rebalanceInProgress)
        sync.generationID = generation
        try leader.send(sync, version: 1)
        #expect(try reply(SyncGroupResponse.self, 1, leader, rig).errorCode == 0)
        try leader.send(commit(leaderID, generation), version: 8)
        #expect(try committed(leader, rig) == ErrorCode.none)
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
