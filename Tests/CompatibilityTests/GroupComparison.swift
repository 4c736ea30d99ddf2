// One seeded sequence of group requests to two brokers, step by step: what the one answers, the other must.
// Member ids are each broker's own; both are translated to names that tell who got them, and when.
import Base
import Foundation
import Protocol
import Simulation
import TestSupport

/// One broker of the two.
final class ComparedBroker {
    /// A request without an answer yet.
    struct Open {
        let actor: Int
        /// Whether the answer may wait for others.
        let mayWait: Bool
        let decode: ([UInt8]) throws -> JSONValue
        let connection: WireConnection
    }

    private let port: Int
    private var idle: [WireConnection] = []
    private(set) var open: [Open] = []
    /// Member ids by their names, and back.
    private(set) var ids: [Name: Name] = [:]
    private var names: [Name: Name] = [:]
    private var correlationID: Int32 = 0
    /// Topic names by id, as this broker has them, and back.
    private var topics: [Name: Name] = [:]
    private(set) var topicIDs: [Name: TopicID] = [:]

    init(port: Int) { self.port = port }

    /// Takes note of the ids of topics.
    func learnTopics() throws {
        var request = MetadataRequest()
        request.topics = nil
        let connection = try WireConnection(port: port)
        try connection.sendRaw(
            Array(try request.frame(correlationID: 1, clientID: "test", version: 12).bytes))
        let reply = try MetadataResponse(reading: Array(try connection.receive()[5...]), version: 12)
        for topic in reply.topics {
            topics[Name(topic.topicID.description)] = topic.name ?? ""
            topicIDs[topic.name ?? ""] = topic.topicID
        }
    }

    /// The id of the member called `name`; other texts are what they are.
    func id(_ name: Name) -> Name { ids[name] ?? name }

    /// Sends a request on a connection that waits for nothing, as Kafka serves one at a time on each.
    func send<Request: RequestMessage>(_ request: Request, version: Int16, actor: Int) throws {
        correlationID += 1
        let connection = try idle.popLast() ?? WireConnection(port: port)
        let frame = try request.frame(
            correlationID: correlationID, clientID: "actor\(actor)", version: version
        ).bytes
        try connection.sendRaw(Array(frame))
        let start = Request.key.replyHeaderVersion(version) == 0 ? 4 : 5
        open.append(
            Open(
                actor: actor, mayWait: Request.key == .joinGroup || Request.key == .syncGroup,
                decode: { bytes in
                    let reply = try Request.Reply(reading: Array(bytes[start...]), version: version)
                    return try MessagePrinter.json(of: reply, version: version)
                }, connection: connection))
    }

    /// The replies that have come, each with whose it is.
    func collect() throws -> [(actor: Int, reply: JSONValue)] {
        var come: [(actor: Int, reply: JSONValue)] = []
        var waiting: [Open] = []
        for request in open {
            guard request.connection.waitUntilReadable(milliseconds: 0) else {
                waiting.append(request)
                continue
            }
            come.append((request.actor, try request.decode(try request.connection.receive())))
            idle.append(request.connection)
        }
        open = waiting
        return come
    }

    /// Takes note of the ids that were given out.
    func learn(_ replies: [(actor: Int, reply: JSONValue)]) {
        for (actor, reply) in replies {
            // In a group of the new protocol Kafka's ids are the 22 digits of a number alone.
            guard reply["leader"] != nil, let text = reply["memberId"]?.text, text.count >= 22,
                names[Name(text)] == nil
            else { continue }
            let id = Name(text)
            let count = names.values.filter { $0.hasPrefix("member\(actor).") }.count
            names[id] = "member\(actor).\(count)"
            ids["member\(actor).\(count)"] = id
        }
    }

    /// An id that its member has not been told yet is compared without its random end.
    private func stem(_ text: String) -> String {
        let parts = text.split(separator: "-").suffix(5)
        let isID = parts.count == 5 && parts.dropFirst().map(\.count) == [4, 4, 4, 12]
        return isID ? String(text.dropLast(36)) : text
    }

    /// The reply with names for ids, lists in one order, and without what each broker is free to say.
    func named(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string((names[Name(text)] ?? topics[Name(text)])?.text ?? stem(text))
        case .array(let elements): .array(elements.map(named).sorted { "\($0)" < "\($1)" })
        case .object(let members):
            .object(
                members.filter { !["throttleTimeMs", "errorMessage"].contains($0.key) }
                    .map { JSONMember($0.key, named($0.value)) })
        default: value
        }
    }
}

/// A sequence of requests of a few actors to one group.
struct GroupSequence {
    struct Actor {
        /// The name of its member id; empty while it has none.
        var member: Name = ""
        /// What a member of the new protocol has been told; nil for those of the classic one.
        var newcomer: Newcomer?
        var generation: Int32 = 1
        var protocolName: Name?
        var isLeader = false
        var isWaiting = false
        var instance: Name?
    }

    private static let actorCount = 4
    private static let steps = 30
    let group: Name
    let brokers: [ComparedBroker]
    private let quiet: Duration
    private let isMixed: Bool
    var random: SeededRandom
    var actors: [Actor]
    /// What happened, for a failure.
    private var transcript: [String] = []

    /// A sequence of classic members, or of one among members that speak the new protocol; both brokers must
    /// be quiet for so long before the next step.
    init(_ group: Name, seed: UInt64, ports: [Int], isMixed: Bool, quiet: Duration) throws {
        self.group = group
        self.quiet = quiet
        self.isMixed = isMixed
        brokers = ports.map { ComparedBroker(port: $0) }
        random = SeededRandom(seed: seed)
        actors = (0..<Self.actorCount).map { _ in Actor() }
        for index in actors.indices where chance(30) { actors[index].instance = "instance\(index)" }
        guard isMixed else { return }
        for broker in brokers { try broker.learnTopics() }
        // One classic member only: the order of ids that brokers make up, which decides who gets what, is not
        // equal.
        for index in actors.indices.dropFirst() { actors[index].newcomer = Newcomer() }
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    /// Runs all steps.
    mutating func run() async throws -> SequenceEnding {
        for _ in 0..<Self.steps {
            try step(Int.random(in: actors.indices, using: &random))
            let ending = try await settle()
            if ending != .equal { return ending }
        }
        return .equal
    }

    mutating func tell<Request: RequestMessage>(
        _ actor: Int, version: Int16, _ make: (ComparedBroker) -> Request
    ) throws {
        let request = brokers[0].named(try MessagePrinter.json(of: make(brokers[0]), version: version))
        transcript.append("actor\(actor) \(Request.key.name) v\(version) \(request)")
        for broker in brokers { try broker.send(make(broker), version: version, actor: actor) }
    }

    // MARK: - Steps

    private mutating func step(_ index: Int) throws {
        let choice = Int.random(in: 0..<100, using: &random)
        let actor = actors[index]
        if let newcomer = actor.newcomer { return try beat(index, newcomer) }
        switch choice {
        case 0..<35 where !actor.isWaiting: try join(index)
        case 35..<58 where !actor.isWaiting: try sync(index)
        case 58..<66:
            let generation = aimed(actor.generation)
            try tell(index, version: actor.instance == nil ? pick([0, 1, 3, 4]) : 3) { [group] broker in
                var request = HeartbeatRequest()
                request.groupID = group
                request.memberID = broker.id(actor.member)
                request.groupInstanceID = actor.instance
                request.generationID = generation
                return request
            }
        // Who leaves while it waits for its assignment never gets Kafka's answer to that.
        case 66..<72 where !actor.isWaiting: try leave(index)
        case 72..<84: try commit(index)
        case 84..<88: try fetch(index)
        case 88..<93: try describe(index)
        case 93..<96:
            try tell(index, version: 0) { [group] _ in
                var request = OffsetDeleteRequest()
                request.groupID = group
                var topic = OffsetDeleteRequest.OffsetDeleteRequestTopic()
                topic.name = "t"
                topic.partitions = [.init()]
                request.topics = [topic]
                return request
            }
        case 96..<98: try delete(index)
        default: try commitBeside(index)
        }
    }

    /// Mostly the right generation.
    mutating func aimed(_ generation: Int32) -> Int32 {
        chance(85) ? generation : generation + pick([-1, 1])
    }

    private mutating func join(_ index: Int) throws {
        let actor = actors[index]
        // A second classic member in a mixed group would get its share by the order of ids, which brokers
        // make up.
        let other: Name = isMixed ? "unknown" : pick(["", "unknown"])
        let member = chance(10) ? other : actor.member
        let kind: Name = chance(95) ? "consumer" : "connect"
        let names: [Name] = pick([
            ["range"], ["range"], ["range", "roundrobin"], ["range", "roundrobin"], ["roundrobin"],
        ])
        let topic: Name = pick(["t", "t", "u"])
        let isStatic = actor.instance != nil
        let version: Int16 = isStatic ? pick([5, 7, 9]) : pick([0, 1, 3, 4, 5, 8, 9])
        let session: Int32 = chance(97) ? 60_000 : 5_999
        actors[index].isWaiting = true
        try tell(index, version: version) { [group] broker in
            var request = JoinGroupRequest()
            request.groupID = group
            request.memberID = broker.id(member)
            request.groupInstanceID = actor.instance
            request.sessionTimeoutMs = session
            request.rebalanceTimeoutMs = 60_000
            request.protocolType = kind
            request.protocols = names.map { name in
                var subscription = ConsumerProtocolSubscription()
                subscription.topics = [topic]
                var offered = JoinGroupRequest.JoinGroupRequestProtocol()
                offered.name = name
                offered.metadata = (try? subscription.versionedBytes(version: 1)) ?? []
                return offered
            }
            return request
        }
    }

    private mutating func sync(_ index: Int) throws {
        let actor = actors[index]
        let generation = aimed(actor.generation)
        let version: Int16 = actor.instance == nil ? pick([0, 2, 3, 5]) : pick([3, 5])
        let name = chance(95) ? actor.protocolName ?? "range" : "other"
        let isLeader = actor.isLeader || chance(5)
        let shares = actors.map(\.member).filter { !$0.isEmpty }.map { ($0, share(of: $0)) }
        actors[index].isWaiting = true
        try tell(index, version: version) { [group] broker in
            var request = SyncGroupRequest()
            request.groupID = group
            request.memberID = broker.id(actor.member)
            request.groupInstanceID = actor.instance
            request.generationID = generation
            request.protocolType = "consumer"
            request.protocolName = name
            guard isLeader else { return request }
            request.assignments = shares.map { member, bytes in
                var assignment = SyncGroupRequest.SyncGroupRequestAssignment()
                assignment.memberID = broker.id(member)
                assignment.assignment = bytes
                return assignment
            }
            return request
        }
    }

    /// An assignment; those of groups that change their kind are read by the broker.
    private func share(of member: Name) -> [UInt8] {
        guard isMixed else { return Array("share of \(member)".utf8) }
        var topic = ConsumerProtocolAssignment.TopicPartition()
        topic.topic = "t"
        topic.partitions = [0, 1]
        var assignment = ConsumerProtocolAssignment()
        assignment.assignedPartitions = [topic]
        return (try? assignment.versionedBytes(version: 1)) ?? []
    }

    private mutating func leave(_ index: Int) throws {
        let actor = actors[index]
        let byInstance = actor.instance != nil && chance(50)
        let version: Int16 = actor.instance == nil ? pick([0, 2, 3, 5]) : pick([3, 5])
        try tell(index, version: version) { [group] broker in
            var request = LeaveGroupRequest()
            request.groupID = group
            request.memberID = broker.id(actor.member)
            var member = LeaveGroupRequest.MemberIdentity()
            member.memberID = byInstance ? "" : broker.id(actor.member)
            member.groupInstanceID = actor.instance
            request.members = [member]
            return request
        }
    }

    private mutating func commit(_ index: Int) throws {
        let actor = actors[index]
        let isSimple = chance(20)
        let generation = isSimple ? -1 : aimed(actor.generation)
        let version: Int16 = actor.instance == nil ? pick([2, 5, 8, 9]) : pick([7, 8, 9])
        let partition = pick([Int32(0), 0, 1, 9])
        // Of a commit that stores nothing, Kafka keeps a group that it does not show.
        let note = chance(5) && !isSimple ? 5_000 : 3
        try tell(index, version: version) { [group] broker in
            var request = OffsetCommitRequest()
            request.groupID = group
            request.generationIDOrMemberEpoch = generation
            request.memberID = isSimple ? "" : broker.id(actor.member)
            request.groupInstanceID = isSimple ? nil : actor.instance
            var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
            topic.name = "t"
            var place = OffsetCommitRequest.OffsetCommitRequestPartition()
            place.partitionIndex = partition
            place.committedOffset = Int64(generation) * 10 + Int64(index)
            place.committedMetadata = String(repeating: "n", count: note)
            topic.partitions = [place]
            request.topics = [topic]
            return request
        }
    }

    private mutating func fetch(_ index: Int) throws {
        let isAll = chance(50)
        let version: Int16 = pick([1, 2, 5, 7, 8])
        try tell(index, version: version) { [group] _ in
            var request = OffsetFetchRequest()
            request.groupID = group
            var topic = OffsetFetchRequest.OffsetFetchRequestTopic()
            topic.name = "t"
            topic.partitionIndexes = [0, 1]
            request.topics = isAll && version >= 2 ? nil : [topic]
            var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
            asked.groupID = group
            var wanted = OffsetFetchRequest.OffsetFetchRequestTopics()
            wanted.name = "t"
            wanted.partitionIndexes = [0, 1]
            asked.topics = isAll ? nil : [wanted]
            request.groups = [asked]
            return request
        }
    }

    // MARK: - Replies

    private static let patience = Duration.seconds(5)

    /// Waits until both have answered the same requests, and compares the answers.
    private mutating func settle() async throws -> SequenceEnding {
        let takesTime =
            transcript.last.map { $0.contains(" JoinGroup") || $0.contains(" LeaveGroup") } ?? false
        let end = ContinuousClock.now + Self.patience
        var come: [[(actor: Int, reply: JSONValue)]] = [[], []]
        var quietSince = ContinuousClock.now
        while true {
            for (index, broker) in brokers.enumerated() {
                let replies = try broker.collect()
                broker.learn(replies)
                come[index] += replies
                if !replies.isEmpty { quietSince = .now }
            }
            let open = brokers.map { $0.open.map(\.actor).sorted() }
            let isQuiet =
                ContinuousClock.now - quietSince > quiet
                && brokers.allSatisfy { $0.open.allSatisfy(\.mayWait) }
            // Others that wait may be woken; Kafka shows a group a moment after it answered its first
            // join; and a round without members, but for one that is expected, ends with a timer of no
            // time.
            if open[0] == open[1], isQuiet || open[0].isEmpty && !takesTime { break }
            guard ContinuousClock.now < end else {
                return .different("\(telling())\nopen: \(open[0]) and \(open[1])")
            }
            try await Task.sleep(for: .microseconds(300))
        }
        return compare(come)
    }

    private mutating func compare(_ come: [[(actor: Int, reply: JSONValue)]]) -> SequenceEnding {
        let replies = zip(brokers, come).map { broker, replies in
            replies.map { (actor: $0.actor, reply: broker.named($0.reply)) }.sorted {
                ($0.actor, "\($0.reply)") < ($1.actor, "\($1.reply)")
            }
        }
        for (one, other) in zip(replies[0], replies[1]) {
            transcript.append("  actor\(one.actor): \(one.reply)")
            guard one.reply != other.reply else {
                note(one.reply, of: one.actor)
                continue
            }
            if one.reply["leader"] != nil, one.reply["leader"] != other.reply["leader"],
                one.reply["generationId"] == other.reply["generationId"],
                one.reply["errorCode"] == other.reply["errorCode"]
            {
                return .otherLeader
            }
            return .different("\(telling())\nKafka: \(other.reply)")
        }
        return replies[0].count == replies[1].count
            ? .equal : .different("\(telling())\nanother count of replies")
    }

    private mutating func note(_ reply: JSONValue, of index: Int) {
        if actors[index].newcomer != nil {
            actors[index].newcomer?.hear(reply)
        } else if reply["memberId"] != nil, reply["leader"] != nil {
            actors[index].isWaiting = false
            if let member = reply["memberId"]?.text, member.hasPrefix("member") {
                actors[index].member = Name(member)
            }
            guard reply["errorCode"] == 0 else {
                if reply["errorCode"] == 25 || reply["errorCode"] == 82 { actors[index].member = "" }
                return
            }
            actors[index].generation = Int32(clamping: reply["generationId"]?.integer ?? 0)
            actors[index].protocolName = reply["protocolName"]?.text.map { Name($0) }
            actors[index].isLeader = reply["leader"] == reply["memberId"]
        } else if reply["assignment"] != nil {
            actors[index].isWaiting = false
        }
    }

    private func telling() -> String { transcript.suffix(40).joined(separator: "\n") }
}
