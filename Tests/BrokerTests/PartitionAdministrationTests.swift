// Topics get more partitions: what comes of it, why not, what a crash leaves, and pages of all of them.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import Coordinator
@testable import LocalStorage
@testable import Storage

@Suite("more partitions", .endsHangs)
struct PartitionAdministrationTests {
    private func increase(_ topic: Name, to count: Int32, _ assignments: [[Int32]]? = nil)
        -> PartitionIncrease
    {
        PartitionIncrease(topic: topic, count: count, assignments: assignments)
    }

    private func create(
        _ wanted: [PartitionIncrease], validateOnly: Bool = false, hasTime: Bool = true,
        denied: Set<Name> = [], _ rig: BrokerRig
    ) throws -> [PartitionCreation] {
        try rig.value(
            of: rig.administration.createPartitions(
                wanted, validateOnly: validateOnly, hasTime: hasTime,
                denial: { denied.contains($0) ? Refusal(.topicAuthorizationFailed) : nil }, answer: { $0 }))
    }

    /// What Kafka says to each, of a topic with two partitions.
    private static let refusals: [(PartitionIncrease, ErrorCode, String?)] = {
        func wanted(_ name: Name, _ count: Int32, _ assignments: [[Int32]]? = nil) -> PartitionIncrease {
            PartitionIncrease(topic: name, count: count, assignments: assignments)
        }
        let manual = "The manual partition assignment includes"
        return [
            (wanted("t", 2), .invalidPartitions, "Topic already has 2 partition(s)."),
            (wanted("t", 2, []), .invalidPartitions, "Topic already has 2 partition(s)."),
            (
                wanted("t", -5), .invalidPartitions,
                "The topic t currently has 2 partition(s); -5 would not be an increase."
            ),
            (wanted("nowhere", 3), .unknownTopicOrPartition, nil),
            (wanted("no name!", 3), .unknownTopicOrPartition, nil),
            (
                wanted("t", 3, []), .invalidReplicaAssignment,
                "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified."
            ),
            (wanted("t", 3, [[]]), .invalidReplicaAssignment, "\(manual) an empty replica list."),
            (
                wanted("t", 4, [[1], [2, 1]]), .invalidReplicaAssignment,
                "\(manual) broker 2, but no such broker is registered."
            ),
            (wanted("t", 3, [[1, 1]]), .invalidReplicaAssignment, "\(manual) the broker 1 more than once."),
            (
                wanted("t", .max), .policyViolation, "Excessively large number of partitions per request."
            ),
        ]
    }()

    @Test(
        "what cannot be had is refused in Kafka's words, and leaves others alone", arguments: [false, true])
    func refusals(validateOnly: Bool) throws {
        for (wanted, code, sentence) in Self.refusals {
            let rig = try BrokerRig { $0.nodeID = 1 }
            try rig.topic("t", partitions: 2)
            try rig.topic("other")
            let done = try create([wanted, increase("other", to: 3)], validateOnly: validateOnly, rig)
            #expect(done.map { $0.refusal?.code } == [code, nil])
            #expect(done[0].refusal?.message == sentence)
            #expect(rig.broker.catalog.topics["t"]?.partitions.count == 2)
            #expect(rig.broker.catalog.topics["other"]?.partitions.count == (validateOnly ? 1 : 3))
        }
    }

    @Test("who is named twice, must not or comes too late gets none")
    func names() throws {
        let rig = try BrokerRig()
        for name in ["a", "b", "c"] as [Name] { try rig.topic(name) }
        let wanted = [
            increase("a", to: 2), increase("b", to: 2), increase("a", to: 3), increase("c", to: 2),
        ]
        let late = try create(wanted, hasTime: false, rig)
        #expect(late.map(\.topic) == ["a", "b", "a", "c"])
        #expect(late.allSatisfy { $0.refusal == .outOfTime })
        // Nothing is left that would take time.
        let twice = try create([wanted[0], wanted[2]], hasTime: false, rig)
        #expect(twice.map { $0.refusal?.code } == [.invalidRequest])
        let done = try create(wanted, denied: ["b"], rig)
        #expect(done.map(\.topic) == ["a", "b", "c"])
        #expect(done.map { $0.refusal?.code } == [.invalidRequest, .topicAuthorizationFailed, nil])
        #expect(done[0].refusal?.message == "Duplicate topic name.")
        let counts = (["a", "b", "c"] as [Name]).map { rig.broker.catalog.topics[$0]?.partitions.count }
        #expect(counts == [1, 1, 2])
    }

    @Test("no more than apus.partitions.max, and no more than ten thousand at once")
    func limits() throws {
        let rig = try BrokerRig { $0.partitionsMax = 6 }
        try rig.topic("a", partitions: 2)
        try rig.topic("b", partitions: 2)
        let done = try create([increase("a", to: 4), increase("b", to: 3)], rig)
        #expect(done.map { $0.refusal?.code } == [nil, .policyViolation])
        #expect(done[1].refusal?.message?.contains("apus.partitions.max is 6") == true)
        #expect(rig.broker.catalog.topics.partitionCount == 6)
        let free = try BrokerRig()
        for name in ["a", "b"] as [Name] { try free.topic(name) }
        let many = [increase("a", to: 6_001), increase("b", to: 6_001), increase("b", to: 1)]
        let checked = try create(Array(many.prefix(2)), validateOnly: true, free)
        #expect(checked.map { $0.refusal?.code } == [nil, .policyViolation])
    }

    @Test("new partitions are written and read at once, and what there was stays")
    func use() throws {
        let rig = try BrokerRig()
        let before = try rig.topic("t", partitions: 2, ["retention.ms": "5000"])
        let client = try rig.connect()
        try client.send(ProduceRequest("t", acks: 1), version: 8)
        rig.flush()
        _ = try client.produced()
        #expect(try create([increase("t", to: 5)], rig).map { $0.refusal } == [nil])
        let topic = try #require(rig.broker.catalog.topics["t"])
        #expect(topic.id == before.id && topic.overrides == ["retention.ms": "5000"])
        #expect(topic.partitions.count == 5 && topic.partitions[0] === before.partitions[0])
        #expect(topic.partitions.allSatisfy { $0.log != nil && $0.leaderEpoch.value == 0 })
        #expect(topic.partitions[4].log?.config.retentionAge == .milliseconds(5000))
        #expect(rig.broker.catalog.topics.partitionCount == 5)
        try client.send(ProduceRequest("t", acks: 1, [(4, try RigBatch().bytes())]), version: 8)
        rig.flush()
        #expect(try client.produced() == [.at(0)])
        #expect(topic.partitions[0].log?.bounds.logEnd == Offset(1))
        try rig.delete("t")
        #expect(rig.storage.data[0].partitionCount == 0)
    }

    @Test("groups hear of new partitions")
    func groups() throws {
        let rig = try BrokerRig { $0.offsetsPartitions = 1 }
        try rig.topic("t", partitions: 1)
        let client = try rig.connect()
        var beat = ConsumerGroupHeartbeatRequest()
        (beat.groupID, beat.memberID, beat.rebalanceTimeoutMs) = ("g", "m", 1000)
        (beat.subscribedTopicNames, beat.topicPartitions) = (["t"], [])
        try client.send(beat, version: 1)
        var reply = try #require(try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig))
        #expect(reply.assignment?.topicPartitions.map(\.partitions) == [[0]])
        beat.topicPartitions = reply.assignment?.topicPartitions.map { assigned in
            var owned = ConsumerGroupHeartbeatRequest.TopicPartitions()
            (owned.topicID, owned.partitions) = (assigned.topicID, assigned.partitions)
            return owned
        }
        #expect(try create([increase("t", to: 3)], rig).map { $0.refusal } == [nil])
        (beat.memberEpoch, beat.subscribedTopicNames) = (reply.memberEpoch, nil)
        // A group is assigned once a second at most.
        rig.advance(milliseconds: 1_001)
        try client.send(beat, version: 1)
        reply = try #require(try client.reply(to: ConsumerGroupHeartbeatRequest.self, 1, rig))
        #expect(reply.assignment?.topicPartitions.map { $0.partitions.sorted() } == [[0, 1, 2]])
    }

    @Test("all of a request or nothing of it is there after a crash at any moment", arguments: 0..<24)
    func crashes(after operations: Int) throws {
        let disk = SimulatedDisk(seed: UInt64(operations))
        let half = try StorageHalf(on: disk)
        for name in ["a", "b"] as [Name] { #expect(half.create(name, partitions: 1) == nil) }
        disk.crash(after: operations)
        let done = Signal()
        let isTold = Lock(false)
        half.catalog.increase(
            [increase("a", to: 3), increase("b", to: 4)], by: "test", validateOnly: false
        ) { refusals in
            isTold.withLock { $0 = refusals == [nil, nil] }
            done.raise()
        }
        done.wait()
        half.directory.abandon()
        let next = try StorageHalf(on: disk.afterPowerCut())
        let counts = (["a", "b"] as [Name]).map { next.catalog.topics[$0]?.partitions.count }
        let isThere = counts == [3, 4]
        #expect(isThere || counts == [1, 1])
        // What was told is there, if the directories were made by then; what was not may be there too.
        let wasMade = isTold.withLock { $0 } && !disk.isDead
        #expect(isThere || !wasMade)
        for (name, count) in zip(["a", "b"] as [Name], counts) {
            for index in 0..<Int32(count ?? 0) { try next.append(name, index) }
        }
        next.directory.abandon()
    }

    @Test("a full disk and a metadata log that fails leave everything as it was")
    func failures() throws {
        let disk = SimulatedDisk(seed: 1)
        let half = try StorageHalf(on: disk)
        #expect(half.create("t", partitions: 1) == nil)
        disk.fail(.sync, suffix: "00000000000000000000.log", errno: 5, isLasting: true)
        let done = Signal()
        let refusals = Lock<[Refusal?]>([])
        let wanted = [increase("t", to: 3), increase("nowhere", to: 3)]
        half.catalog.increase(wanted, by: "test", validateOnly: false) { found in
            refusals.withLock { $0 = found }
            done.raise()
        }
        done.wait()
        #expect(
            refusals.withLock { $0 }.map { $0?.code } == [.kafkaStorageError, .unknownTopicOrPartition])
        #expect(half.catalog.topics["t"]?.partitions.count == 1)
        half.directory.abandon()
    }

    // MARK: - Pages

    private func page(
        _ names: [Name]?, from start: PageStart? = nil, by partitionsMax: Int = 2_000,
        hidden: Set<Name> = [], _ rig: BrokerRig
    ) throws(Refusal) -> TopicPage {
        try rig.administration.describePage(
            of: names, from: start, partitionsMax: partitionsMax, mayBeSeen: { !hidden.contains($0) })
    }

    private func shown(_ page: TopicPage) -> [String] {
        page.topics.map { entry in
            switch entry {
            case .described(let topic): "\(topic.name) \(topic.partitions.map(\.index.value))"
            case .missing(let name, let refusal): "\(name) \(refusal.code)"
            }
        }
    }

    @Test("pages follow on each other until everything was described once")
    func pages() throws {
        let rig = try BrokerRig()
        for (name, count) in [("b", 2), ("a", 3), ("c", 1), ("d", 4)] as [(Name, Int32)] {
            try rig.topic(name, partitions: count)
        }
        for size in 1...11 {
            var told: [String] = []
            var start: PageStart?
            repeat {
                let page = try page(nil, from: start, by: size, rig)
                for case .described(let topic) in page.topics {
                    told += topic.partitions.map { "\(topic.name)\($0.index.value)" }
                }
                start = page.next
            } while start != nil
            #expect(told == ["a0", "a1", "a2", "b0", "b1", "c0", "d0", "d1", "d2", "d3"])
        }
        #expect(try page(nil, by: 3, rig).next == PageStart(topic: "b", partition: 0))
        #expect(try page(nil, by: 4, rig).next == PageStart(topic: "b", partition: 1))
        #expect(
            try shown(page(nil, from: PageStart(topic: "b", partition: 7), rig)).prefix(2) == [
                "b []", "c [0]",
            ])
        #expect(
            try shown(page(nil, from: PageStart(topic: "bb", partition: 1), rig)) == [
                "c [0]", "d [0, 1, 2, 3]",
            ])
        #expect(try page(nil, from: PageStart(topic: "d", partition: .max), rig).next == nil)
    }

    @Test("topics that are asked for come once, in the order of their names, with those that are missing")
    func named() throws {
        let rig = try BrokerRig()
        for name in ["b", "a"] as [Name] { try rig.topic(name) }
        let names = ["b", "no name!", "nowhere", "a", "b", "secret"] as [Name]
        let all = try page(names, hidden: ["secret"], rig)
        #expect(
            shown(all) == [
                "a [0]", "b [0]", "no name! invalidTopicException", "nowhere unknownTopicOrPartition",
            ])
        #expect(all.hidden == ["secret"] && all.next == nil)
        #expect(try page(nil, hidden: ["a"], rig).hidden == [])
        #expect(try shown(page(nil, hidden: ["a"], rig)) == ["b [0]"])
        // What is not there may begin the next page, as nobody has looked yet.
        #expect(try page(["a", "aa"], by: 1, rig).next == PageStart(topic: "aa", partition: 0))
        for start in [PageStart(topic: "c", partition: 0), PageStart(topic: "b", partition: -1)] {
            #expect(throws: Refusal.self) { try page(["a", "b"], from: start, rig) }
        }
        #expect(throws: Refusal.self) { try page(nil, from: PageStart(topic: "b", partition: -1), rig) }
    }

    @Test("clients get lists of eligible leaders that are empty, not null, and pages as large as configured")
    func told() throws {
        let rig = try BrokerRig { ($0.nodeID, $0.maxPartitionsPerRequest) = (1, 2) }
        try rig.topic("t", partitions: 3)
        let client = try rig.connect()
        try client.send(DescribeTopicPartitionsRequest(), version: 0)
        let told = try #require(try client.reply(to: DescribeTopicPartitionsRequest.self, 0, rig))
        #expect(told.topics.map(\.name) == ["t"] && told.topics[0].partitions.count == 2)
        let partition = told.topics[0].partitions[1]
        #expect(partition.eligibleLeaderReplicas == [] && partition.lastKnownElr == [])
        #expect(partition.isrNodes == [1] && partition.leaderID == 1 && partition.leaderEpoch == 0)
        #expect(told.nextCursor?.topicName == "t" && told.nextCursor?.partitionIndex == 2)
    }
}
