// One seeded sequence of consumer group requests (KIP-848) to two brokers, each member following what its
// broker says: every reply must be equal. Ids of topics differ and are compared by name; assignments are
// `range`, whose answer is the only right one.
import Base
import Foundation
import Protocol
import Simulation
import TestSupport

/// One broker of the two, asked one thing at a time.
final class ConsumerComparedBroker {
    private let connection: WireConnection
    private var correlationID: Int32 = 0
    /// Topic names by id, as this broker has them.
    private(set) var topics: [Name: Name] = [:]
    /// What each actor has here, by topic id.
    var owned: [[ConsumerGroupHeartbeatRequest.TopicPartitions]]

    init(port: Int, actors: Int) throws {
        connection = try WireConnection(port: port)
        owned = Array(repeating: [], count: actors)
        var request = MetadataRequest()
        request.topics = nil
        let reply = try ask(request, version: 12)
        for topic in reply.topics { topics[Name(topic.topicID.description)] = topic.name ?? "" }
    }

    /// The reply to `request`.
    func ask<Request: RequestMessage>(_ request: Request, version: Int16) throws -> Request.Reply {
        correlationID += 1
        let frame = try request.frame(correlationID: correlationID, clientID: "compared", version: version)
        try connection.sendRaw(Array(frame.bytes))
        let start = Request.key.replyHeaderVersion(version) == 0 ? 4 : 5
        return try Request.Reply(reading: Array(try connection.receive()[start...]), version: version)
    }

    /// The reply as it is compared: topics by name, lists in one order, and no texts.
    func named<Reply: ReplyMessage>(_ reply: Reply, version: Int16) throws -> JSONValue {
        named(try MessagePrinter.json(of: reply, version: version))
    }

    private func named(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(topics[Name(text)]?.text ?? text)
        case .array(let elements): .array(elements.map(named).sorted { "\($0)" < "\($1)" })
        case .object(let members):
            .object(members.filter { $0.key != "throttleTimeMs" }.map { JSONMember($0.key, named($0.value)) })
        default: value
        }
    }
}

/// A sequence of requests of a few actors to one group.
struct ConsumerGroupSequence {
    private struct Actor {
        var id: Name
        var instance: Name?
        var epoch: Int32 = 0
        var topics: [Name] = ["t"]
        var mustTellTopics = true
    }

    private static let actorCount = 4
    private static let steps = 40
    private let group: Name
    private let brokers: [ConsumerComparedBroker]
    private var random: SeededRandom
    private var actors: [Actor]
    private var transcript: [String] = []

    init(_ group: Name, seed: UInt64, ports: [Int]) throws {
        self.group = group
        brokers = try ports.map { try ConsumerComparedBroker(port: $0, actors: Self.actorCount) }
        random = SeededRandom(seed: seed)
        actors = (0..<Self.actorCount).map { Actor(id: "m\($0)") }
        for index in actors.indices where chance(30) { actors[index].instance = "i\(index % 3)" }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    /// Runs all steps; a difference is told with all that led there.
    mutating func run() throws -> SequenceEnding {
        for _ in 0..<Self.steps {
            if let difference = try step(Int.random(in: actors.indices, using: &random)) {
                return .different((transcript + [difference]).joined(separator: "\n"))
            }
        }
        return .equal
    }

    private mutating func step(_ index: Int) throws -> String? {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<62: return try beat(index, epoch: aimed(actors[index].epoch))
        case 62..<72:
            actors[index].topics = ["t", "u", "nowhere"].filter { _ in chance(60) }
            // A member that comes without any topic may make Kafka, which then takes all subscriptions for
            // equal, assign nothing to anybody; we do not.
            if actors[index].topics.isEmpty { actors[index].topics = ["nowhere"] }
            actors[index].mustTellTopics = true
            return try beat(index, epoch: actors[index].epoch)
        case 72..<80: return try beat(index, epoch: chance(50) ? -1 : -2)
        case 80..<90: return try commit(index)
        case 90..<93:
            actors[index].id = "m\(index)-\(Int.random(in: 0..<3, using: &random))"
            actors[index].epoch = 0
            for broker in brokers { broker.owned[index] = [] }
            return try beat(index, epoch: 0)
        default: return try describe()
        }
    }

    /// Mostly the right epoch.
    private mutating func aimed(_ epoch: Int32) -> Int32 {
        if chance(85) { return epoch }
        return epoch + Int32.random(in: -1...1, using: &random)
    }

    private mutating func beat(_ index: Int, epoch: Int32) throws -> String? {
        let actor = actors[index]
        let isJoining = epoch == 0
        let isFull = isJoining || actor.mustTellTopics || chance(10)
        let tellsOwned = isJoining || isFull || chance(70)
        var replies: [ConsumerGroupHeartbeatResponse] = []
        for broker in brokers {
            var request = ConsumerGroupHeartbeatRequest()
            request.groupID = group
            request.memberID = actor.id
            request.instanceID = actor.instance
            request.memberEpoch = epoch
            if isFull {
                request.rebalanceTimeoutMs = 60_000
                request.subscribedTopicNames = actor.topics
                request.serverAssignor = "range"
            }
            if isJoining { broker.owned[index] = [] }
            if tellsOwned, epoch >= 0 { request.topicPartitions = broker.owned[index] }
            replies.append(try broker.ask(request, version: 1))
        }
        let told = isFull ? "\(actor.topics)" : ""
        transcript.append("\(actor.id) \(actor.instance ?? "-") beats with epoch \(epoch) \(told)")
        if let difference = try compare(replies, version: 1) { return difference }
        adopt(replies, index, epoch)
        return nil
    }

    /// Members do what they were told, now and then not at once.
    private mutating func adopt(_ replies: [ConsumerGroupHeartbeatResponse], _ index: Int, _ epoch: Int32) {
        let isSlow = chance(20)
        for (broker, reply) in zip(brokers, replies) {
            guard reply.errorCode == 0, epoch >= 0 else { continue }
            if let assignment = reply.assignment, !isSlow {
                broker.owned[index] = assignment.topicPartitions.map { told in
                    var entry = ConsumerGroupHeartbeatRequest.TopicPartitions()
                    entry.topicID = told.topicID
                    entry.partitions = told.partitions
                    return entry
                }
            }
        }
        switch ErrorCode(rawValue: replies[0].errorCode) {
        case .some(.none):
            actors[index].epoch = max(0, replies[0].memberEpoch)
            if epoch >= 0 { actors[index].mustTellTopics = false }
        case .fencedMemberEpoch where chance(50), .unknownMemberID, .groupIDNotFound: actors[index].epoch = 0
        default: break
        }
    }

    private mutating func commit(_ index: Int) throws -> String? {
        let actor = actors[index]
        var request = OffsetCommitRequest()
        request.groupID = group
        request.memberID = actor.id
        request.generationIDOrMemberEpoch = aimed(actor.epoch)
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = chance(70) ? "t" : "u"
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.partitionIndex = Int32.random(in: 0..<2, using: &random)
        partition.committedOffset = 5
        topic.partitions = [partition]
        request.topics = [topic]
        transcript.append("\(actor.id) commits \(topic.name) with epoch \(request.generationIDOrMemberEpoch)")
        return try compare(brokers.map { try $0.ask(request, version: 9) }, version: 9)
    }

    private mutating func describe() throws -> String? {
        var request = ConsumerGroupDescribeRequest()
        let others = [group, StandingGroups.classic, StandingGroups.consumer, "unknown", ""]
        request.groupIDs = [group]
        while chance(40), let other = others.randomElement(using: &random) { request.groupIDs.append(other) }
        transcript.append("describe \(request.groupIDs)")
        return try compare(brokers.map { try $0.ask(request, version: 1) }, version: 1)
    }

    private mutating func compare<Reply: ReplyMessage>(_ replies: [Reply], version: Int16) throws -> String? {
        let texts = try zip(brokers, replies).map { "\(try $0.named($1, version: version))" }
        transcript.append("    " + texts[0].prefix(300))
        return texts[0] == texts[1] ? nil : "Apus \(texts[0])\nKafka \(texts[1])"
    }
}
