// Administration of topics, called as a console would: what comes of it, why not, and that clients are told
// the same.
import Base
import Protocol
import TestSupport
import Testing

@testable import Broker
@testable import Network
@testable import Storage

@Suite("administration of topics", .endsHangs)
struct TopicAdministrationTests {
    private func new(_ name: Name, partitions: Int32 = 1, _ configs: [Name: String] = [:]) -> NewTopic {
        var topic = NewTopic(name: name)
        topic.partitionCount = partitions
        topic.configs = configs
        return topic
    }

    private func create(
        _ topics: [NewTopic], validateOnly: Bool = false, denied: Set<Name> = [], _ rig: BrokerRig
    ) throws -> [TopicCreation] {
        try rig.value(
            of: rig.administration.createTopics(
                topics, validateOnly: validateOnly,
                denial: { denied.contains($0) ? Refusal(.topicAuthorizationFailed) : nil }, answer: { $0 }))
    }

    private func delete(
        _ topics: [TopicReference], denied: Set<TopicReference> = [], _ rig: BrokerRig
    ) throws -> [TopicDeletion] {
        try rig.value(
            of: rig.administration.deleteTopics(
                topics,
                denial: { topic, _ in
                    guard denied.contains(topic) else { return nil }
                    return TopicDeletion(topic: topic, refusal: Refusal(.topicAuthorizationFailed))
                }, answer: { $0 }))
    }

    private func named(_ name: Name) -> TopicReference { TopicReference(name: name, id: .zero) }

    @Test("what can be created is, and each of the others says why not", arguments: [false, true])
    func creation(validateOnly: Bool) throws {
        let rig = try BrokerRig()
        try rig.topic("old")
        let wanted = [
            new("twice"), new("good", partitions: 3, ["retention.ms": "5"]), new("old"), new("twice"),
            new("no name!"), new("none", partitions: 0), new("odd", ["retention.ms": "x"]), new("denied"),
        ]
        let made = try create(wanted, validateOnly: validateOnly, denied: ["denied"], rig)
        #expect(
            made.map(\.name) == ["twice", "denied", "good", "old", "no name!", "none", "odd"])
        let codes = made.map { $0.outcome.refusal?.code }
        #expect(
            codes == [
                .invalidRequest, .topicAuthorizationFailed, nil, .topicAlreadyExists, .invalidTopicException,
                .invalidPartitions, .invalidConfig,
            ])
        let created = try made[2].outcome.get()
        #expect(created.partitionCount == 3 && created.overrides == ["retention.ms": "5"])
        #expect((rig.broker.catalog.topics["good"]?.id == created.id) != validateOnly)
        #expect(rig.broker.catalog.topics["twice"] == nil && rig.broker.catalog.topics["denied"] == nil)
        #expect(try create([], rig).isEmpty)
    }

    @Test("topics are deleted by name or id, and each refusal says why")
    func deletion() throws {
        let rig = try BrokerRig()
        for name in ["a", "b", "c", "d", "kept"] as [Name] { try rig.topic(name) }
        let ids = try (["b", "c"] as [Name]).map { try #require(rig.broker.catalog.topics[$0]?.id) }
        let unknown = TopicID(high: 1, low: 2)
        let wanted = [
            named("a"), TopicReference(name: nil, id: ids[0]), TopicReference(name: nil, id: ids[1]),
            named("c"), named("d"), named("d"), TopicReference(name: nil, id: .zero),
            TopicReference(name: "a", id: ids[0]), named("nowhere"), TopicReference(name: nil, id: unknown),
            named("kept"),
        ]
        let done = try delete(wanted, denied: [named("kept")], rig)
        #expect(
            done.map { $0.refusal?.code } == [
                .invalidRequest, .invalidRequest, .invalidRequest, .topicAuthorizationFailed, .invalidRequest,
                nil, nil, .unknownTopicOrPartition, .unknownTopicID,
            ])
        #expect(
            done.compactMap { $0.refusal?.message } == [
                "Neither topic name nor id were specified.",
                "You may not specify both topic name and topic id.", "Duplicate topic name.",
                "The provided topic name maps to an ID that was already supplied.",
                "This server does not host this topic-partition.",
                "This server does not host this topic ID.",
            ])
        #expect(done[5].topic.name == "a" && done[6].topic == TopicReference(name: "b", id: ids[0]))
        #expect(Set(rig.broker.catalog.topics.all.map(\.name)) == ["c", "d", "kept"])
    }

    @Test("where topics must not be deleted none is")
    func deletionDisabled() throws {
        let rig = try BrokerRig { $0.deleteTopics = false }
        try rig.topic("t")
        #expect(try delete([named("t")], rig).map { $0.refusal?.code } == [.topicDeletionDisabled])
        #expect(rig.broker.catalog.topics["t"] != nil)
    }

    @Test("a disk that stands still is waited for no longer than its limit", arguments: [false, true])
    func hangingDisk(isDeletion: Bool) throws {
        let rig = try BrokerRig()
        try rig.topic("old")
        let twice = [named("old"), named("x"), named("x")]
        let late: Awaited<[Refusal?]> =
            isDeletion
            ? Awaited(
                rig.administration.deleteTopics(twice, answer: { $0.map(\.refusal) }), on: rig.loop)
            : Awaited(
                rig.administration.createTopics(
                    [new("new"), new("x"), new("x")], answer: { $0.map(\.outcome.refusal) }), on: rig.loop)
        // The limit begins when the loop has heard of it.
        rig.step(pool: false)
        rig.advance(milliseconds: DiskWait.limitMilliseconds - 1, pool: false)
        #expect(late.value == nil)
        rig.advance(milliseconds: 2, pool: false)
        let refusals = try rig.value(of: late, pool: false)
        #expect(refusals.map { $0?.code } == [.invalidRequest, .requestTimedOut])
        rig.flush()
    }

    @Test("a description tells what Metadata tells")
    func description() throws {
        let rig = try BrokerRig { $0.offsetsPartitions = 2 }
        try rig.topic("b", partitions: 3, ["cleanup.policy": "compact"])
        try rig.topic("a")
        try rig.topic(GroupHost.topicName, partitions: 2)
        let client = try rig.connect()
        try client.send(ProduceRequest("a", acks: 1), version: 8)
        rig.flush()
        let described = rig.administration.describeTopics()
        var request = MetadataRequest()
        request.topics = nil
        try client.send(request, version: 12)
        _ = try client.produced()
        let told = try #require(try client.reply(MetadataResponse.self, version: 12)).topics
        #expect(described.map(\.name) == told.map(\.name) && described.map(\.id) == told.map(\.topicID))
        #expect(described.map(\.isInternal) == told.map(\.isInternal))
        for (described, told) in zip(described, told) {
            #expect(described.partitions.map(\.index.value) == told.partitions.map(\.partitionIndex))
            #expect(described.partitions.map(\.leaderEpoch.value) == told.partitions.map(\.leaderEpoch))
            #expect(described.partitions.allSatisfy { !$0.isOffline })
        }
        let (a, b) = (described[1], described[2])
        #expect(a.partitions[0].bounds?.highWatermark == Offset(1) && a.overrides.isEmpty)
        #expect(b.overrides == ["cleanup.policy": "compact"] && b.settings.cleanupPolicy == .compact)
        let some = rig.administration.describeTopics(
            [named("b"), TopicReference(name: nil, id: a.id), named("nowhere")])
        #expect(try some[0].get().id == b.id && some[1].get().name == "a")
        #expect(some[2].refusal?.code == .unknownTopicOrPartition)
    }

    @Test("a client is told what the functions give, sentence for sentence")
    func agreement() throws {
        let (called, asked) = (try BrokerRig(), try BrokerRig())
        for rig in [called, asked] { try rig.topic("old") }
        let wanted = [new("x"), new("old"), new("y y"), new("x"), new("good", partitions: 2)]
        let made = try create(wanted, called)
        let client = try asked.connect()
        var request = CreateTopicsRequest()
        request.timeoutMs = 1000
        request.topics = wanted.map { topic in
            var creatable = CreateTopicsRequest.CreatableTopic()
            (creatable.name, creatable.numPartitions) = (topic.name, topic.partitionCount)
            creatable.replicationFactor = -1
            return creatable
        }
        try client.send(request, version: 7)
        let told = try #require(try client.reply(to: CreateTopicsRequest.self, 7, asked)).topics
        #expect(told.map(\.name) == made.map(\.name))
        #expect(told.map(\.errorMessage) == made.map { $0.outcome.refusal?.message })
        #expect(told.map(\.errorCode) == made.map { ($0.outcome.refusal?.code ?? .none).rawValue })
        let leaving = [named("old"), named("nowhere"), named("good"), named("nowhere")]
        let deleted = try delete(leaving, called)
        var deletion = DeleteTopicsRequest()
        deletion.timeoutMs = 1000
        deletion.topics = leaving.map { topic in
            var state = DeleteTopicsRequest.DeleteTopicState()
            state.name = topic.name
            return state
        }
        try client.send(deletion, version: 6)
        let gone = try #require(try client.reply(to: DeleteTopicsRequest.self, 6, asked)).responses
        #expect(gone.map(\.name) == deleted.map(\.topic.name))
        #expect(gone.map(\.errorMessage) == deleted.map { $0.refusal?.message })
        #expect(gone.map(\.errorCode) == deleted.map { ($0.refusal?.code ?? .none).rawValue })
    }

    @Test("the cluster is this node")
    func cluster() throws {
        let rig = try BrokerRig { ($0.nodeID, $0.rack) = (1, "r") }
        let cluster = rig.administration.describeCluster()
        let client = try rig.connect()
        try client.send(DescribeClusterRequest(), version: 1)
        let told = try #require(try client.reply(DescribeClusterResponse.self, version: 1))
        #expect(told.clusterID == cluster.id && told.controllerID == cluster.controllerID)
        #expect(told.brokers.map(\.brokerID) == cluster.nodes.map(\.id))
        #expect(told.brokers.map(\.rack) == cluster.nodes.map(\.rack) && cluster.nodes[0].rack == "r")
    }
}
