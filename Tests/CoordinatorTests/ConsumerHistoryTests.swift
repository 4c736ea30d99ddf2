// Many members with random timing, by seed: they follow the protocol as clients do, are late, lose answers,
// die, come back, and change what they read, while topics change and the coordinator restarts.
import Base
import Coordinator
import Protocol
import Simulation
import Testing

@Suite struct ConsumerHistoryTests {
    @Test("no partition has two owners, epochs rise, and groups come to rest", arguments: 0..<groupSeeds)
    func history(seed: UInt64) throws {
        var history = ConsumerHistory(seed: seed, members: seed % 10 == 0 ? 60 : 8)
        try history.run(steps: 400)
        try history.comeToRest()
    }

    @Test("a thousand members come to rest", arguments: 0..<max(1, groupSeeds / 20))
    func thousand(seed: UInt64) throws {
        var history = ConsumerHistory(seed: 99 + seed, members: 1000)
        try history.run(steps: 1500)
        try history.comeToRest()
    }

    @Test("what goes wrong on purpose is found", arguments: ConsumerFault.allCases)
    func faults(_ fault: ConsumerFault) {
        withKnownIssue {
            for seed in UInt64(0)..<5 {
                var history = ConsumerHistory(seed: seed, members: 8, fault: fault)
                try history.run(steps: 400)
                try history.comeToRest()
            }
        }
    }
}

/// What goes wrong on purpose between the coordinator and its members, so that the checks are seen to find
/// it.
enum ConsumerFault: String, CaseIterable, Sendable {
    /// What a member was given last does not come back from the log.
    case losesAssignments
    /// A member is told of a partition that is another's.
    case doublesShares
    /// A deadline is not told to the coordinator.
    case forgetsDeadlines
}

/// One consumer, as far as the coordinator can tell.
private struct Consumer {
    var id: Name
    var instance: Name?
    var epoch: Int32 = 0
    /// What it believes to have; it reads from these.
    var owned: TargetSlots = []
    var topics: [Name]
    var pattern: Name = ""
    var isAlive = false
    var mustTellTopics = true
    /// When it lets go of what it shall give up: not always at once.
    var isSlow = false
    var next = 0.0
}

private struct Slot: Hashable {
    let topic: UUID
    let partition: Int32
}

private typealias TargetSlots = Set<Slot>

private struct ConsumerHistory {
    private var rig: ConsumerRig
    private var random: SeededRandom
    private var consumers: [Consumer]
    private var topicCounts: [Name: Int] = ["t0": 4, "t1": 7, "u0": 3]
    private var highestEpoch: [Name: Int32] = [:]
    private var groupEpoch: Int32 = 0
    private var beats = 0
    /// The longest time between two events, in seconds.
    private let pace: Double
    private let fault: ConsumerFault?

    init(seed: UInt64, members: Int, fault: ConsumerFault? = nil) {
        random = SeededRandom(seed: seed)
        self.fault = fault
        var settings = GroupSettings()
        // Half of the histories have all assignments computed elsewhere.
        if seed % 2 == 1 { settings.consumer.assignedAtOnceMax = 0 }
        rig = ConsumerRig(settings)
        pace = members < 1000 ? 0.4 : 0.02
        let names: [Name] = ["t0", "t1", "u0", "u1"]
        var random = SeededRandom(seed: seed &+ 77)
        consumers = (0..<members).map { index in
            var consumer = Consumer(id: "m\(index)", topics: names.filter { _ in random.chance(70) })
            if random.chance(20) { consumer.instance = "i\(index)" }
            if random.chance(20) { consumer.pattern = ["t.*", "u.", "[tu]0"][index % 3] }
            consumer.next = Double(index) * 0.01
            return consumer
        }
        for (name, count) in topicCounts { rig.setTopic(name, count) }
    }

    mutating func run(steps: Int) throws {
        for step in 0..<steps {
            if random.chance(2) { try changeTopics() }
            if random.chance(1) { restart() }
            try act(Int.random(in: consumers.indices, using: &random))
            try passTime(Double.random(in: 0..<pace, using: &random))
            if step % 50 == 0, consumers.count < 100 { try rig.checkReplay() }
        }
    }

    /// Nothing happens any more but heartbeats: soon everybody has exactly his share.
    mutating func comeToRest() throws {
        for index in consumers.indices where !consumers[index].isAlive { try start(index) }
        for index in consumers.indices { consumers[index].isSlow = false }
        for _ in 0..<40 where rig.shard.groups.consumer["g"]?.state != .stable || beats < 400 {
            for index in consumers.indices { try beat(index, losing: false) }
            rig.compute()
            try passTime(5)
        }
        let group = try #require(rig.shard.groups.consumer["g"])
        try #require(group.state == .stable, "epoch \(group.epoch), assignment \(group.assignmentEpoch)")
        try #require(group.members.count == consumers.count)
        var seen: TargetSlots = []
        for consumer in consumers {
            try #require(seen.isDisjoint(with: consumer.owned))
            seen.formUnion(consumer.owned)
            let member = try #require(group.members[consumer.id])
            let target = group.targets[consumer.id] ?? [:]
            try #require(
                Set(target.flatMap { topic, parts in parts.map { Slot(topic: topic, partition: $0) } })
                    == consumer.owned, "\(member)")
        }
        let wanted = group.subscribedTopics.reduce(0) { $0 + (topicCounts[$1] ?? 0) }
        try #require(seen.count == wanted)
        try rig.checkReplay()
    }

    // MARK: - What happens

    private mutating func changeTopics() throws {
        let name: Name = ["t0", "t1", "u0", "u1"].randomElement(using: &random) ?? "t0"
        if random.chance(30) {
            topicCounts[name] = nil
            rig.setTopic(name, nil)
        } else {
            let count = (topicCounts[name] ?? 0) + Int.random(in: 1...3, using: &random)
            topicCounts[name] = count
            rig.setTopic(name, count)
        }
    }

    private mutating func restart() {
        if fault == .losesAssignments {
            rig.lose { if case .consumerCurrent(_, .some) = $0 { true } else { false } }
        }
        rig.restart()
    }

    private mutating func passTime(_ duration: Double) throws {
        if random.chance(50) { rig.compute() }
        if fault == .forgetsDeadlines { rig.skip(duration) } else { _ = rig.advance(duration) }
        try checkEpochs()
    }

    private mutating func act(_ index: Int) throws {
        guard consumers[index].isAlive else { return try start(index) }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<3:  // It dies without a word.
            consumers[index].isAlive = false
            consumers[index].owned = []
        case 3..<6: try leave(index)
        case 6..<10:
            consumers[index].topics = ["t0", "t1", "u0", "u1"].filter { _ in random.chance(60) }
            consumers[index].mustTellTopics = true
        case 10..<14: consumers[index].isSlow.toggle()
        default: break
        }
        if consumers[index].isAlive { try beat(index, losing: random.chance(5)) }
    }

    private mutating func start(_ index: Int) throws {
        if random.chance(50) { consumers[index].id = "m\(index)-\(random.next() % 1000)" }
        consumers[index].isAlive = true
        consumers[index].epoch = 0
        consumers[index].owned = []
        try beat(index, losing: false)
    }

    private mutating func leave(_ index: Int) throws {
        let consumer = consumers[index]
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = "g"
        request.memberID = consumer.id
        request.instanceID = consumer.instance
        request.memberEpoch = consumer.instance != nil && random.chance(70) ? -2 : -1
        consumers[index].isAlive = false
        consumers[index].owned = []
        _ = send(request)
    }

    private mutating func beat(_ index: Int, losing: Bool) throws {
        let consumer = consumers[index]
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = "g"
        request.memberID = consumer.id
        request.instanceID = consumer.instance
        request.memberEpoch = consumer.epoch
        let isJoining = consumer.epoch == 0
        if isJoining || consumer.mustTellTopics {
            request.rebalanceTimeoutMs = 30_000
            request.subscribedTopicNames = consumer.topics
            request.subscribedTopicRegex = consumer.pattern
        }
        request.topicPartitions = isJoining ? [] : reported(consumer.owned)
        guard let response = send(request) else { return }
        // Its answer gets lost: it says the same again, next time in full.
        if losing {
            consumers[index].mustTellTopics = true
            return
        }
        switch ErrorCode(rawValue: response.errorCode) {
        case .some(.none):
            consumers[index].mustTellTopics = false
            consumers[index].epoch = response.memberEpoch
            if let assignment = response.assignment { adopt(assignment, index) }
        case .fencedMemberEpoch, .unknownMemberID:
            // It gives everything up and joins anew.
            consumers[index].owned = []
            consumers[index].epoch = 0
        case .unreleasedInstanceID, .groupIDNotFound: consumers[index].epoch = 0
        default: Issue.record("\(response.errorCode) \(response.errorMessage ?? "")")
        }
        beats += 1
        if beats % max(1, consumers.count / 20) == 0 { try checkOwners() }
    }

    private mutating func adopt(_ assignment: ConsumerGroupHeartbeatResponse.Assignment, _ index: Int) {
        var told = Set(
            assignment.topicPartitions.flatMap { entry in
                entry.partitions.map { Slot(topic: entry.topicID, partition: $0) }
            })
        if fault == .doublesShares, let other = consumers.randomElement(using: &random)?.owned.first {
            told.insert(other)
        }
        // Giving up takes a slow consumer some heartbeats; what is new it takes once that is done.
        let revoked = consumers[index].owned.subtracting(told)
        if revoked.isEmpty || !consumers[index].isSlow {
            consumers[index].owned = told
        } else {
            consumers[index].mustTellTopics = true
        }
    }

    private func reported(_ slots: TargetSlots) -> [ConsumerGroupHeartbeatRequest.TopicPartitions] {
        Dictionary(grouping: slots, by: \.topic).map { topic, slots in
            var entry = ConsumerGroupHeartbeatRequest.TopicPartitions()
            entry.topicID = topic
            entry.partitions = slots.map(\.partition).sorted()
            return entry
        }
    }

    private mutating func send(_ request: ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatResponse? {
        let beat = ConsumerHeartbeat(
            request, version: 1, from: GroupClient(id: "c", host: "/127.0.0.1"),
            freshID: UUID(high: 1, low: 1))
        guard case .consumerHeartbeat(let response)? = rig.request(.consumerHeartbeat(beat)).reply else {
            Issue.record("no answer")
            return nil
        }
        return response
    }

    // MARK: - What must hold

    /// Two members of the group never have one partition, as far as the coordinator knows, nor do two
    /// consumers that are members.
    private func checkOwners() throws {
        guard let group = rig.shard.groups.consumer["g"] else { return }
        var owner: [Slot: Name] = [:]
        for member in group.members.values {
            for (topic, partitions) in member.assigned {
                for partition in partitions.keys {
                    try claim(Slot(topic: topic, partition: partition), member.id)
                }
            }
            for (topic, partitions) in member.pendingRevocation {
                for partition in partitions.keys {
                    try claim(Slot(topic: topic, partition: partition), member.id)
                }
            }
        }
        func claim(_ slot: Slot, _ member: Name) throws {
            try #require(owner[slot] == nil, "\(slot) of \(owner[slot] ?? "") and \(member)")
            owner[slot] = member
        }
        var reader: [Slot: Name] = [:]
        for consumer in consumers where consumer.isAlive && group.members[consumer.id]?.epoch ?? -9 >= 0 {
            for slot in consumer.owned {
                try #require(
                    reader[slot] == nil, "\(slot) is read by \(reader[slot] ?? "") and \(consumer.id)")
                reader[slot] = consumer.id
            }
        }
    }

    /// Epochs of a group and of each membership only rise.
    private mutating func checkEpochs() throws {
        guard let group = rig.shard.groups.consumer["g"] else { return }
        try #require(group.epoch >= groupEpoch)
        groupEpoch = group.epoch
        try #require(group.assignmentEpoch <= group.epoch)
        var present: [Name: Int32] = [:]
        for member in group.members.values {
            // A static member that went away, and one that was replaced, begin anew.
            guard member.epoch >= 0, member.instanceID == nil else { continue }
            try #require(member.epoch >= highestEpoch[member.id] ?? 0)
            try #require(member.epoch <= group.assignmentEpoch)
            present[member.id] = member.epoch
        }
        highestEpoch = present
    }
}
