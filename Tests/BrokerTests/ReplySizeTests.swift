// Replies that grow with what their requests name: each is made once there is memory for it, and takes no
// more than was expected. And what waits for memory never waits for itself.
import Base
import Glibc
import Protocol
import TestSupport
import Testing

@testable import Broker
@testable import Network

/// A request that names many things.
private struct ManyNamed: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let send: @Sendable (RigClient) throws -> Void
    let expectedBytes: @Sendable (RequestContext) -> Int

    /// A request; what it is expected to be answered with is known where that is not 0.
    init<Request: RequestMessage & Sendable>(
        _ version: Int16, _ request: Request, expectedBytes: @escaping @Sendable (RequestContext) -> Int
    ) {
        testDescription = "\(Request.key.name) v\(version)"
        send = { try $0.send(request, version: version) }
        self.expectedBytes = expectedBytes
    }

    init<Served: Handler>(_ version: Int16, _ handler: Served.Type, _ request: Served.Request) {
        self.init(version, request) { Served.replySize.measure(request, $0, .max) }
    }

    private static let names = (0..<6000).map { Name("name-\($0)") }
    private static let numbers = (Int32(0)..<6000).map(\.self)

    static var all: [ManyNamed] { ofPartitions + ofNames + ofAdministration }

    private static var ofAdministration: [ManyNamed] {
        var increase = CreatePartitionsRequest()
        increase.timeoutMs = 1000
        increase.topics = names.map { name in
            var topic = CreatePartitionsRequest.CreatePartitionsTopic()
            (topic.name, topic.count) = (name, 3)
            return topic
        }
        var describe = DescribeTopicPartitionsRequest()
        describe.topics = names.map { name in
            var topic = DescribeTopicPartitionsRequest.TopicRequest()
            topic.name = name
            return topic
        }
        var producers = DescribeProducersRequest()
        producers.topics = [.init()]
        (producers.topics[0].name, producers.topics[0].partitionIndexes) = ("nowhere", numbers)
        var quorum = DescribeQuorumRequest()
        quorum.topics = [.init()]
        quorum.topics[0].partitions = numbers.map { number in
            var partition = DescribeQuorumRequest.PartitionData()
            partition.partitionIndex = number
            return partition
        }
        var election = ElectLeadersRequest()
        election.topicPartitions = [.init()]
        election.topicPartitions?[0].topic = "a-topic-that-is-not-there"
        election.topicPartitions?[0].partitions = numbers
        var reassignment = AlterPartitionReassignmentsRequest()
        reassignment.topics = [.init()]
        reassignment.topics[0].name = "a-topic-that-is-not-there"
        reassignment.topics[0].partitions = numbers.map { number in
            var partition = AlterPartitionReassignmentsRequest.ReassignablePartition()
            (partition.partitionIndex, partition.replicas) = (number, [9])
            return partition
        }
        return [
            ManyNamed(3, CreatePartitionsHandler.self, increase),
            ManyNamed(0, DescribeTopicPartitionsHandler.self, describe),
            ManyNamed(0, DescribeProducersHandler.self, producers),
            ManyNamed(2, DescribeQuorumHandler.self, quorum),
            ManyNamed(2, ElectLeadersHandler.self, election),
            ManyNamed(1, AlterPartitionReassignmentsHandler.self, reassignment),
        ]
    }

    private static var ofPartitions: [ManyNamed] {
        var produce = ProduceRequest("t", acks: 1, numbers.map { ($0, []) })
        produce.timeoutMs = 1000
        var fetch = FetchRequest("t", from: 0, maxWait: 0)
        fetch.topics[0].partitions = numbers.map { number in
            var partition = FetchRequest.FetchPartition()
            partition.partition = number
            return partition
        }
        let bytes = fetch.refusalBytes
        var list = ListOffsetsRequest("t", timestamp: -1)
        list.topics[0].partitions = numbers.map { number in
            var partition = ListOffsetsRequest.ListOffsetsPartition()
            partition.partitionIndex = number
            return partition
        }
        var epochs = OffsetForLeaderEpochRequest()
        epochs.topics = [.init()]
        epochs.topics[0].partitions = numbers.map { number in
            var partition = OffsetForLeaderEpochRequest.OffsetForLeaderPartition()
            partition.partition = number
            return partition
        }
        var records = DeleteRecordsRequest()
        records.topics = [.init()]
        records.topics[0].partitions = numbers.map { number in
            var partition = DeleteRecordsRequest.DeleteRecordsPartition()
            partition.partitionIndex = number
            return partition
        }
        return [
            ManyNamed(8, ProduceHandler.self, produce),
            ManyNamed(10, fetch) { _ in 2 * bytes },
            ManyNamed(2, ListOffsetsHandler.self, list),
            ManyNamed(3, OffsetForLeaderEpochHandler.self, epochs),
            ManyNamed(1, DeleteRecordsHandler.self, records),
        ]
    }

    private static var ofNames: [ManyNamed] {
        var find = FindCoordinatorRequest()
        find.coordinatorKeys = names
        find.keyType = 1
        var deleted = DeleteTopicsRequest()
        deleted.topicNames = names
        deleted.timeoutMs = 1000
        // Those that are named twice are refused with a text.
        deleted.topicNames += names
        var describe = DescribeGroupsRequest()
        describe.groups = names
        var metadata = MetadataRequest()
        metadata.topics = names.map { name in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = name
            return topic
        }
        metadata.allowAutoTopicCreation = false
        var commit = OffsetCommitRequest()
        commit.groupID = "g"
        commit.topics = names.map { name in
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = name
            topic.partitions = [.init()]
            return topic
        }
        return [
            ManyNamed(4, FindCoordinatorHandler.self, find),
            ManyNamed(5, DeleteTopicsHandler.self, deleted),
            ManyNamed(5, DescribeGroupsHandler.self, describe),
            ManyNamed(4, MetadataHandler.self, metadata),
            ManyNamed(2, OffsetCommitHandler.self, commit),
        ]
    }
}

@Suite("the sizes of replies", .endsHangs)
struct ReplySizeTests {
    private func rig() throws -> BrokerRig {
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t")
        try rig.topic(GroupHost.topicName, partitions: 1)
        return rig
    }

    private func context(_ rig: BrokerRig, _ version: Int16 = 0) throws -> RequestContext {
        let address = SocketAddress(host: try #require(SocketAddress.Host("10.0.0.9")), port: 1)
        var header = RequestHeader()
        header.requestAPIVersion = version
        return RequestContext(
            header: header,
            session: Session(
                rig.broker, on: rig.loop, listener: "PLAINTEXT", local: address, peer: address))
    }

    /// The size of the next reply, once it is there.
    private func replyBytes(_ client: RigClient, _ rig: BrokerRig) -> Int? {
        for _ in 0..<2000 {
            if let bytes = client.takeReply() { return bytes }
            rig.flush()
            usleep(1000)
        }
        return nil
    }

    @Test("it is made when there is memory for it, of which it takes no more", arguments: ManyNamed.all)
    fileprivate func waits(_ request: ManyNamed) throws {
        let rig = try rig()
        let memory = rig.broker.sockets.memory
        let context = try context(rig)
        // All that there is for replies of middle size.
        let piece = memory.shares.mediumMaxBytes
        var taken = (0..<(memory.shares.mediumBytes / piece)).map { _ in
            memory.lease(piece, as: .reply, for: context.holder)
        }
        let client = try rig.connect()
        try request.send(client)
        for _ in 0..<20 { rig.flush() }
        #expect(client.takeReply() == nil)
        #expect(taken.count > 1)
        taken = []
        let bytes = try #require(replyBytes(client, rig))
        #expect(bytes > MemoryShares.smallMaxBytes)
        #expect(bytes <= request.expectedBytes(context))
        rig.flush()
        #expect(rig.heldBytes == 0)
    }

    @Test(
        "what many topics are like is told once for all, and expected closely",
        arguments: [(0, false, false), (1, true, false), (4, true, true), (3, false, true)]
            as [(Int16, Bool, Bool)])
    func likeTopics(version: Int16, hasSynonyms: Bool, hasMeaning: Bool) throws {
        let rig = try rig()
        let client = try rig.connect()
        var request = DescribeConfigsRequest()
        (request.includeSynonyms, request.includeDocumentation) = (hasSynonyms, hasMeaning)
        for number in 0..<60 {
            let name = Name("topic-\(number)")
            // Some have values of their own, alike or not.
            _ = try rig.topic(name, number % 10 == 0 ? ["retention.ms": "\(number % 20)"] : [:])
            var resource = DescribeConfigsRequest.DescribeConfigsResource()
            (resource.resourceType, resource.resourceName) = (ConfigResourceKind.topic.rawValue, name)
            request.resources.append(resource)
        }
        try client.send(request, version: version)
        let reply = try #require(try client.reply(to: DescribeConfigsRequest.self, version, rig))
        for (number, result) in reply.results.enumerated() {
            #expect(result.resourceName == "topic-\(number)" && result.errorCode == 0)
            let value = result.configs.first { $0.name == "retention.ms" }?.value
            #expect(value == (number % 10 == 0 ? "\(number % 20)" : "604800000"))
        }
        try client.send(request, version: version)
        let bytes = try #require(replyBytes(client, rig))
        let expected = DescribeConfigsHandler.replySize.measure(request, try context(rig), .max)
        #expect(bytes <= expected && expected < 5 * bytes)
    }

    @Test("an offset that is asked for many times counts as often, with its metadata")
    func repeatedOffsets() throws {
        let rig = try rig()
        let client = try rig.connect()
        var commit = OffsetCommitRequest()
        commit.groupID = "g"
        commit.topics = [.init()]
        commit.topics[0].name = "t"
        commit.topics[0].partitions = [.init()]
        commit.topics[0].partitions[0].committedMetadata = String(repeating: "m", count: 4000)
        try client.send(commit, version: 2)
        _ = try #require(replyBytes(client, rig))
        var fetch = OffsetFetchRequest()
        fetch.groupID = "g"
        fetch.topics = [.init()]
        fetch.topics?[0].name = "t"
        fetch.topics?[0].partitionIndexes = [Int32](repeating: 0, count: 1000)
        let expected = OffsetFetchHandler.replySize.measure(fetch, try context(rig, 6), .max)
        try client.send(fetch, version: 6)
        let bytes = try #require(replyBytes(client, rig))
        #expect(bytes > 4_000_000 && bytes <= expected)
        #expect(expected < 5_000_000)
    }

    @Test("a request that is large itself does not wait for memory that it holds")
    func largeRequest() throws {
        let rig = try rig()
        let client = try rig.connect()
        var request = MetadataRequest()
        // Five million bytes, of which a reply is expected to have four times as many.
        request.topics = (0..<227_000).map { number in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = Name("unknown-topic-\(100_000 + number)")
            return topic
        }
        request.allowAutoTopicCreation = false
        try client.send(request, version: 4)
        rig.step()
        #expect(try #require(client.takeReply()) > 5_000_000)
        rig.step()
        #expect(rig.heldBytes == 0)
        #expect(!rig.broker.sockets.memory.isUnderPressure)
    }

    @Test("requests of one address that hold its share of memory together are all answered")
    func fullShare() throws {
        let rig = try rig()
        let shares = rig.broker.sockets.memory.shares
        var request = DeleteGroupsRequest()
        request.groupsNames = (0..<64).map { Name(String(repeating: "g", count: 30_000) + "\(100 + $0)") }
        let clients = try (0..<6).map { _ in try rig.connect() }
        for client in clients { try client.send(request, version: 1, pool: false) }
        // What they hold and what each of them wants is more than an address may have.
        #expect(rig.heldBytes > shares.mediumBytes / 2 - (4 << 20))
        for client in clients { #expect(try #require(replyBytes(client, rig)) > 64 * 30_000) }
        rig.step()
        #expect(rig.heldBytes == 0)
    }

    @Test("a Produce request of more partitions than a loop can take closes its connection")
    func partitionsOfProduce() throws {
        let rig = try rig()
        let client = try rig.connect()
        let numbers = Int32(0)...Int32(ProduceHandler.partitionsMax)
        try? client.send(ProduceRequest("t", acks: 1, numbers.map { ($0, []) }), version: 8)
        rig.step()
        #expect(client.isEnded)
        #expect(rig.lines.all.contains { $0.contains("Produce request of 65537 partitions") })
    }
}
