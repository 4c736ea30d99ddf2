// A history of a consumer group as text: a line a command, below it what it was answered (→) and what was
// written (+). Files are in fixtures/scenarios/consumer; UPDATE_FIXTURES=1 writes down what happens now, for
// a review of the difference.
import Base
import Coordinator
import Foundation
import Protocol
import Testing

struct ConsumerTranscript: CustomTestStringConvertible {
    let name: String
    private let file: URL

    var testDescription: String { name }

    static let all: [ConsumerTranscript] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../fixtures/scenarios/consumer").standardized
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }.map {
            ConsumerTranscript(name: $0.deletingPathExtension().lastPathComponent, file: $0)
        }
    }()

    /// Plays the commands and compares; every line of the file must be as it was.
    func play() throws {
        let expected = try String(contentsOf: file, encoding: .utf8)
        var rig = ConsumerRig()
        var actual: [String] = []
        for line in expected.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  ") { continue }
            actual.append(String(line))
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            actual += try rig.run(String(line)).map { "  " + $0 }
            try rig.checkReplay()
        }
        let text = actual.joined(separator: "\n")
        if ProcessInfo.processInfo.environment["UPDATE_FIXTURES"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let difference = zip(expected.split(separator: "\n"), text.split(separator: "\n")).first { $0 != $1 }
        #expect(expected == text, "first difference: \(difference.map { "\($0) / \($1)" } ?? "the length")")
    }
}

struct TranscriptError: Error {
    let line: String
}

/// A shard with a clock that stands still, a table of topics, and the log of everything that was written.
struct ConsumerRig {
    private(set) var shard: GroupCoordinator
    private(set) var log: [GroupRecord] = []
    private(set) var nanoseconds: Int64 = 1_000_000_000_000
    private var topics: [GroupTopic] = []
    private var settings = GroupSettings()
    private var nextTopic: UInt64 = 1
    private var nextToken: UInt64 = 1
    /// What the shard wants computed elsewhere.
    private var computations: [@Sendable () -> GroupEvent] = []
    /// What the shard goes on with.
    private var continuations: [GroupEvent] = []

    init(_ settings: GroupSettings = GroupSettings()) {
        self.settings = settings
        shard = GroupCoordinator(settings)
    }

    var now: Moment {
        Moment(
            monotonic: nanoseconds,
            wall: Timestamp(milliseconds: 1_700_000_000_000 + nanoseconds / 1_000_000))
    }

    mutating func send(_ event: GroupEvent) -> GroupDecision {
        keep(shard.handle(event, at: now))
    }

    mutating func request(_ request: GroupRequest) -> (reply: GroupReply?, records: [GroupRecord]) {
        let token = ReplyToken(nextToken)
        nextToken += 1
        let decision = send(.request(request, token))
        return (decision.replies.last { $0.token == token }?.reply, decision.records)
    }

    /// A heartbeat with which a member of `group` comes, or says that it is there.
    mutating func beat(
        _ member: Name, instance: Name? = nil, epoch: Int32 = 0, topics: [Name] = ["t"], in group: Name = "g"
    ) -> ConsumerGroupHeartbeatResponse? {
        var request = ConsumerGroupHeartbeatRequest()
        request.groupID = group
        request.memberID = member
        request.instanceID = instance
        request.memberEpoch = epoch
        request.rebalanceTimeoutMs = 30_000
        request.subscribedTopicNames = topics
        request.topicPartitions = []
        let beat = ConsumerHeartbeat(
            request, version: 1, from: GroupClient(id: "c", host: "/127.0.0.1"),
            freshID: UUID(high: 1, low: 1))
        guard case .consumerHeartbeat(let reply)? = self.request(.consumerHeartbeat(beat)).reply else {
            return nil
        }
        return reply
    }

    private mutating func keep(
        _ decision: GroupDecision
    ) -> GroupDecision {
        log += decision.records
        computations += decision.computations
        continuations += decision.continuations
        return decision
    }

    /// How much is to be computed elsewhere.
    var computationCount: Int { computations.count }

    /// Goes on with what takes more than one decision; nil when there is nothing.
    mutating func goOn() -> GroupDecision? {
        continuations.isEmpty ? nil : send(continuations.removeFirst())
    }

    /// Computes what was left to others, and tells the shard.
    mutating func compute() {
        let waiting = computations
        computations = []
        for computation in waiting { _ = send(computation()) }
    }

    /// Lets time pass without telling the shard.
    mutating func skip(_ duration: Double) { nanoseconds += Int64(duration * 1_000_000_000) }

    /// Loses the last record of that kind.
    mutating func lose(where isWanted: (GroupRecord) -> Bool) {
        if let index = log.lastIndex(where: isWanted) { log.remove(at: index) }
    }

    /// Lets time pass, deadline by deadline.
    mutating func advance(_ duration: Double) -> [GroupRecord] {
        let end = nanoseconds + Int64(duration * 1_000_000_000)
        var records: [GroupRecord] = []
        while let next = shard.nextDeadline, next <= end {
            nanoseconds = max(nanoseconds, next)
            records += keep(shard.deadlinesReached(at: now)).records
        }
        nanoseconds = end
        return records
    }

    mutating func setTopic(_ name: Name, _ count: Int?) {
        let id = topics.first { $0.name == name }?.id ?? TopicID(high: nextTopic, low: 7)
        nextTopic += 1
        topics.removeAll { $0.name == name }
        if let count { topics.append(GroupTopic(id: id, name: name, partitionCount: count)) }
        _ = send(.topicsChanged(TopicTable(version: (shard.topics.version) + 1, topics)))
    }

    /// A shard that knows only the log.
    func replayed() -> GroupCoordinator {
        var fresh = GroupCoordinator(settings)
        for record in log { fresh.apply(record) }
        return fresh
    }

    mutating func restart() {
        shard = replayed()
        _ = send(.topicsChanged(TopicTable(version: 1_000, topics)))
        _ = keep(shard.loaded(at: now))
    }

    /// The log says all that there is, also through its bytes.
    func checkReplay() throws {
        var fresh = GroupCoordinator(settings)
        for record in log {
            let (key, value) = try record.encoded()
            fresh.apply(try #require(try GroupRecord(key: key, value: value)))
        }
        #expect(fresh.groups.consumer.keys.sorted() == shard.groups.consumer.keys.sorted())
        #expect(fresh.groups.classic.keys.sorted() == shard.groups.classic.keys.sorted())
        for (id, group) in shard.groups.consumer {
            let twin = try #require(fresh.groups.consumer[id])
            #expect(twin.members == group.members)
            #expect(twin.targets == group.targets)
            #expect(twin.patterns == group.patterns)
            #expect(twin.epoch == group.epoch && twin.assignmentEpoch == group.assignmentEpoch)
            #expect(twin.metadataHash == group.metadataHash && twin.assignmentTime == group.assignmentTime)
            #expect(twin.state == group.state)
        }
    }

    func name(of topic: TopicID) -> Name {
        topics.first { $0.id == topic }?.name ?? Name(topic.description)
    }
    func id(of topic: Name) -> TopicID { topics.first { $0.name == topic }?.id ?? .zero }
}
