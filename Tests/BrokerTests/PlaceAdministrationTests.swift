// Where partitions lie, who writes them and who leads them, as operators are told.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("places, producers and leaders", .endsHangs)
struct PlaceAdministrationTests {
    private func directories(
        of wanted: [TopicPartition]? = nil, _ rig: BrokerRig
    ) throws -> [DirectoryDescription] {
        try rig.value(
            of: rig.administration.describeDirectories(of: wanted, answer: { $0 }, late: { [] }))
    }

    private func id(_ topic: Name, _ partition: Int32 = 0) -> TopicPartition {
        TopicPartition(topic: topic, partition: PartitionIndex(partition))
    }

    @Test("each directory tells of its partitions and of its room")
    func sizes() throws {
        let rig = try BrokerRig { $0.logDirectories = ["/a", "/b"] }
        rig.disk.setCapacity(1 << 30)
        try rig.topic("t", partitions: 3)
        try rig.topic("u")
        let batch = try RigBatch().bytes()
        let client = try rig.connect()
        for _ in 0..<2 {
            try client.send(ProduceRequest("t", acks: 1, [(1, batch)]), version: 8)
            rig.flush()
        }
        let all = try directories(rig)
        #expect(all.map(\.path) == ["/a", "/b"] && all.allSatisfy { !$0.isOffline })
        #expect(all.allSatisfy { $0.space?.totalBytes == 1 << 30 })
        #expect(all.allSatisfy { ($0.space?.freeBytes ?? 0) < 1 << 30 })
        let sizes = all.flatMap(\.topics).flatMap { topic in
            topic.partitions.map { "\(topic.name)-\($0.index.value) \($0.sizeBytes)" }
        }
        #expect(sizes.sorted() == ["t-0 0", "t-1 \(2 * batch.count)", "t-2 0", "u-0 0"])
        #expect(all.allSatisfy { $0.topics.flatMap(\.partitions).count == 2 })
        let some = try directories(of: [id("t", 1), id("t", 1), id("t", 9), id("nowhere")], rig)
        #expect(some.flatMap(\.topics).map { $0.partitions.map(\.index.value) } == [[1]])
        #expect(try directories(of: [], rig).map(\.topics.count) == [0, 0])
    }

    @Test("a directory that broke says so and nothing else, and its partitions elect nobody")
    func broken() throws {
        let disk = SimulatedDisk(seed: 4)
        do {
            let rig = try BrokerRig(on: disk) { $0.logDirectories = ["/a", "/b"] }
            try rig.topic("t", partitions: 2)
            rig.flush()
        }
        let later = disk.afterKill()
        later.fail(.open, suffix: "/b/meta.properties", errno: 5, isLasting: true)
        let rig = try BrokerRig(on: later) { ($0.logDirectories, $0.nodeID) = (["/a", "/b"], 1) }
        let all = try directories(rig)
        #expect(all.map(\.path) == ["/a", "/b"] && all.map(\.isOffline) == [false, true])
        #expect(all[1].space == nil && all[1].topics.isEmpty)
        #expect(all[0].topics.flatMap(\.partitions).count == 1)
        let topic = try #require(rig.broker.catalog.topics["t"])
        let offline = topic.partitions.filter(\.isOffline)
        let lost = try #require(offline.first).id
        let administration = rig.administration
        #expect(administration.electLeader(of: lost, .preferred).code == .preferredLeaderNotAvailable)
        #expect(administration.electLeader(of: lost, .unclean).code == .eligibleLeadersNotAvailable)
        let elected = administration.electLeaders(.preferred)
        #expect(elected.map(\.topic) == ["t"])
        #expect(elected[0].refusals.map(\.partition) == [lost.partition])
        var request = DescribeLogDirsRequest()
        request.topics = nil
        let client = try rig.connect()
        try client.send(request, version: 5)
        let told = try #require(try client.reply(to: DescribeLogDirsRequest.self, 5, rig))
        #expect(told.results.map(\.errorCode) == [0, ErrorCode.kafkaStorageError.rawValue])
        #expect(told.results[1].totalBytes == -1 && told.results[1].usableBytes == -1)
    }

    @Test("a partition of a directory that broke is told without a leader, alone and among all")
    func brokenMetadata() throws {
        let disk = SimulatedDisk(seed: 4)
        do {
            let rig = try BrokerRig(on: disk) { $0.logDirectories = ["/a", "/b"] }
            for name in ["p", "q", "r"] as [Name] { try rig.topic(name, partitions: 3) }
            rig.flush()
        }
        let later = disk.afterKill()
        later.fail(.open, suffix: "/b/meta.properties", errno: 5, isLasting: true)
        let rig = try BrokerRig(on: later) { ($0.logDirectories, $0.nodeID) = (["/a", "/b"], 1) }
        // Opens them, as far as they can be.
        _ = try directories(rig)
        let client = try rig.connect()
        var offline = 0
        for names in [nil, ["p"], ["q"], ["r"]] as [[Name]?] {
            var request = MetadataRequest()
            request.topics = names?.map { name in
                var asked = MetadataRequest.MetadataRequestTopic()
                asked.name = name
                return asked
            }
            try client.send(request, version: 12)
            let reply = try #require(try client.reply(to: MetadataRequest.self, 12, rig))
            for topic in reply.topics {
                let partitions = try #require(rig.broker.catalog.topics[topic.name ?? ""]).partitions
                for told in topic.partitions {
                    let isOffline = partitions[Int(told.partitionIndex)].isOffline
                    offline += isOffline ? 1 : 0
                    #expect(told.errorCode == (isOffline ? ErrorCode.leaderNotAvailable.rawValue : 0))
                    #expect(told.leaderID == (isOffline ? -1 : 1) && told.replicaNodes == [1])
                    #expect(told.isrNodes == (isOffline ? [] : [1]))
                    #expect(told.offlineReplicas == (isOffline ? [1] : []))
                }
            }
        }
        #expect((1..<18).contains(offline))
    }

    @Test("a partition tells of its producers what its log knows")
    func producers() throws {
        let rig = try BrokerRig()
        try rig.topic("t")
        let client = try rig.connect()
        for (producer, sequence) in [(Int64(9), Int32(0)), (7, 0), (9, 1)] {
            let batch = RigBatch(producer: (producer, sequence))
            try client.send(ProduceRequest("t", acks: 1, batch), version: 8)
            rig.flush()
            _ = try client.produced()
        }
        var request = DescribeProducersRequest()
        request.topics = (["t", "nowhere", "no name!"] as [Name]).map { name in
            var topic = DescribeProducersRequest.TopicRequest()
            (topic.name, topic.partitionIndexes) = (name, name == "t" ? [0, 1, 0] : [0])
            return topic
        }
        try client.send(request, version: 0)
        let told = try #require(try client.reply(to: DescribeProducersRequest.self, 0, rig)).topics
        #expect(told.map { $0.partitions.map(\.errorCode) } == [[0, 3, 0], [3], [17]])
        let producers = told[0].partitions[2].activeProducers
        #expect(producers.map(\.producerID) == [7, 9] && producers.map(\.lastSequence) == [0, 1])
        #expect(producers.allSatisfy { $0.lastTimestamp == 1_700_000_000_000 && $0.producerEpoch == 0 })
        #expect(producers.allSatisfy { $0.coordinatorEpoch == -1 && $0.currentTxnStartOffset == -1 })
        #expect(told[0].partitions[0].errorMessage == nil)
        #expect(told[0].partitions[1].errorMessage == nil)
        #expect(told[1].partitions[0].errorMessage == "This server does not host this topic-partition.")
    }

    @Test("the quorum is this node, and only the metadata log has one")
    func quorum() throws {
        let rig = try BrokerRig { $0.nodeID = 1 }
        let client = try rig.connect()
        var request = DescribeQuorumRequest()
        request.topics = [.init()]
        (request.topics[0].topicName, request.topics[0].partitions) = ("__cluster_metadata", [.init()])
        try client.send(request, version: 2)
        let told = try #require(try client.reply(to: DescribeQuorumRequest.self, 2, rig))
        let partition = told.topics[0].partitions[0]
        let end = rig.broker.catalog.metadata.endOffset.value
        #expect(partition.leaderID == 1 && partition.highWatermark == end && partition.errorCode == 0)
        #expect(partition.currentVoters.map(\.replicaID) == [1] && partition.observers.isEmpty)
        #expect(partition.currentVoters[0].logEndOffset == end)
        #expect(told.nodes.map(\.nodeID) == [1])
        request.topics[0].partitions[0].partitionIndex = 1
        try client.send(request, version: 2)
        let refused = try #require(try client.reply(to: DescribeQuorumRequest.self, 2, rig))
        #expect(refused.topics[0].partitions[0].errorCode == 3 && refused.nodes.isEmpty)
    }

    @Test("there is never another leader to elect, or another broker to move to")
    func replicas() throws {
        let rig = try BrokerRig { $0.nodeID = 1 }
        try rig.topic("t")
        let administration = rig.administration
        let elections = [id("t"), id("t", 9), id("nowhere")].map { id in
            administration.electLeader(of: id, .preferred)
        }
        #expect(
            elections.map(\.code) == [
                .electionNotNeeded, .unknownTopicOrPartition, .unknownTopicOrPartition,
            ])
        #expect(
            elections.compactMap(\.message) == [
                "Leader election not needed for topic partition.", "No such partition as t-9",
                "No such topic as nowhere",
            ])
        #expect(administration.electLeaders(.unclean).map(\.refusals.count) == [0])
        func refusal(_ id: TopicPartition, _ replicas: [Int32]?) -> Refusal? {
            do throws(Refusal) {
                try administration.reassign(Reassignment(partition: id, replicas: replicas))
            } catch { return error }
            return nil
        }
        #expect(refusal(id("t"), [1]) == nil)
        #expect(refusal(id("t"), nil) == Refusal(.noReassignmentInProgress))
        #expect(refusal(id("t"), [1, 2])?.code == .invalidReplicaAssignment)
        #expect(refusal(id("t", 9), [1])?.message == "Unable to find partition t:9.")
        #expect(refusal(id("nowhere"), nil)?.message == "Unable to find a topic named nowhere.")
    }
}
