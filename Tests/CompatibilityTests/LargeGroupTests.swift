// Requests about groups that are much work: what a well-behaved client of the same shard and of the same loop
// feels of them.
import Base
import Foundation
import Protocol
import Synchronization
import Testing

/// Asks much about groups, again and again.
private final class LargeGroupWork: Sendable {
    /// What is asked.
    enum Act: String, CaseIterable, Sendable {
        /// Commits that name very many partitions.
        case commits
        /// The same, of which every other topic does not exist.
        case mixedCommits
        /// Questions for so many offsets.
        case fetches
        /// Offsets that are to be forgotten.
        case offsetDeletions
        /// The same, of which every other topic does not exist.
        case mixedOffsetDeletions
        /// Everything that a group has committed.
        case wholeFetches
        /// Groups with many offsets, made and deleted.
        case groupDeletions
        /// Lists of all groups.
        case listings
        /// A group with many members, and many times that.
        case descriptions
        /// Groups that do not exist, by the hundred thousand.
        case unknownMembers
    }

    /// Without more time those that stand still longest where work is not done in slices.
    static let acts =
        TestEnvironment.isLong ? Act.allCases : [.commits, .mixedOffsetDeletions, .unknownMembers]

    static let group: Name = "large"
    static let topic: Name = "many"
    /// Kafka makes at most 10,000 records of one request, and a topic is one as well.
    static let partitions = TestEnvironment.isLong ? 9_999 : 1_000
    /// So many partitions one request names.
    private static let entries = 100_000
    private static let groups = TestEnvironment.isLong ? 20_000 : 3_000
    private static let members = TestEnvironment.isLong ? 3_000 : 500

    private let port: Int
    private let isOver = Atomic(false)
    private let hasEnded = Signal()
    let actions = Atomic(0)

    init(_ act: Act, port: Int) {
        self.port = port
        startDetachedThread { [self] in
            do {
                let connection = try WireConnection(port: port, seconds: 60)
                while !isOver.load(ordering: .acquiring) {
                    try Self.ask(act, connection)
                    actions.add(1, ordering: .relaxed)
                }
            } catch {
                Issue.record("\(act): \(error)")
            }
            hasEnded.raise()
        }
    }

    func end() {
        isOver.store(true, ordering: .releasing)
        hasEnded.wait()
    }

    /// Makes what the act asks for.
    static func prepare(_ act: Act, port: Int) throws {
        let connection = try WireConnection(port: port, seconds: 60)
        let needsMany = [.wholeFetches, .groupDeletions].contains(act)
        // One by one: together they are more than one request may ask for.
        for (name, count) in [(WellBehavedClient.topic, 1), (topic, needsMany ? partitions : 10)] {
            var made = CreateTopicsRequest.CreatableTopic()
            made.name = name
            made.numPartitions = Int32(count)
            made.replicationFactor = 1
            var creation = CreateTopicsRequest()
            creation.timeoutMs = 60_000
            creation.topics = [made]
            try #require(try connection.ask(creation, version: 4).topics.map(\.errorCode) == [0])
        }
        switch act {
        case .wholeFetches: _ = try connection.ask(commit(group, each: 1), version: 6)
        case .listings:
            for number in 0..<groups {
                try connection.send(commit(Name("listed\(number)"), count: 1), version: 6)
                if number % 100 == 99 { for _ in 0..<100 { _ = try connection.receive() } }
            }
        case .descriptions:
            // A connection may have only so many requests under way.
            let joiners = try (0..<members / 10).map { _ in try WireConnection(port: port) }
            for joiner in joiners { for _ in 0..<10 { try joiner.send(joining, version: 3) } }
            for _ in 0..<200 where try describedMembers(connection, times: 1) != [members] {
                pause(milliseconds: 50)
            }
        default: break
        }
    }

    private static func ask(_ act: Act, _ connection: WireConnection) throws {
        switch act {
        case .commits, .mixedCommits:
            let names = act == .commits ? [topic] : [topic, "nowhere"]
            _ = try connection.ask(commit(group, count: entries, of: names), version: 6)
        case .fetches:
            var request = OffsetFetchRequest()
            request.groupID = group
            var wanted = OffsetFetchRequest.OffsetFetchRequestTopic()
            wanted.name = topic
            wanted.partitionIndexes = (0..<Int32(entries)).map { $0 % 10 }
            request.topics = [wanted]
            _ = try connection.ask(request, version: 6)
        case .offsetDeletions, .mixedOffsetDeletions:
            _ = try connection.ask(commit(group, count: 10), version: 6)
            _ = try connection.ask(
                offsetDeletion(act == .offsetDeletions ? [topic] : [topic, "nowhere"]), version: 0)
        case .wholeFetches:
            var request = OffsetFetchRequest()
            request.groupID = group
            request.topics = nil
            let reply = try connection.ask(request, version: 6)
            try #require(reply.topics.reduce(0) { $0 + $1.partitions.count } == partitions)
        case .groupDeletions:
            _ = try connection.ask(commit(group, each: 1), version: 6)
            var request = DeleteGroupsRequest()
            request.groupsNames = [group]
            try #require(try connection.ask(request, version: 1).results.map(\.errorCode) == [0])
        case .listings:
            try #require(try connection.ask(ListGroupsRequest(), version: 3).groups.count >= groups)
        case .descriptions:
            try #require(try describedMembers(connection, times: 20) == Array(repeating: members, count: 20))
        case .unknownMembers:
            var request = DescribeGroupsRequest()
            request.groups = (0..<Int32(entries)).map { Name("s\($0)") }
            _ = try connection.ask(request, version: 4)
        }
    }

    /// How many members the group has, asked as often as that in one request.
    private static func describedMembers(_ connection: WireConnection, times: Int) throws -> [Int] {
        var request = DescribeGroupsRequest()
        request.groups = Array(repeating: group, count: times)
        return try connection.ask(request, version: 4).groups.map(\.members.count)
    }

    private static var joining: JoinGroupRequest {
        var request = JoinGroupRequest()
        request.groupID = group
        request.sessionTimeoutMs = 300_000
        request.rebalanceTimeoutMs = 300_000
        request.protocolType = "consumer"
        var range = JoinGroupRequest.JoinGroupRequestProtocol()
        range.name = "range"
        range.metadata = [UInt8](repeating: 1, count: 50)
        request.protocols = [range]
        return request
    }

    /// A commit that names `count` partitions, ten by ten, of `names` in turn.
    private static func commit(_ group: Name, count: Int, of names: [Name] = [topic]) -> OffsetCommitRequest {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.topics = (0..<(count + 9) / 10).map { number in
            commitTopic(names[number % names.count], Int32(min(10, count)))
        }
        return request
    }

    /// A commit that names each partition.
    private static func commit(_ group: Name, each offset: Int64) -> OffsetCommitRequest {
        var request = OffsetCommitRequest()
        request.groupID = group
        request.topics = [commitTopic(topic, Int32(partitions))]
        return request
    }

    private static func commitTopic(
        _ name: Name, _ count: Int32
    ) -> OffsetCommitRequest.OffsetCommitRequestTopic {
        var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
        topic.name = name
        topic.partitions = (0..<count).map { index in
            var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
            partition.partitionIndex = index
            partition.committedOffset = 7
            return partition
        }
        return topic
    }

    private static func offsetDeletion(_ names: [Name]) -> OffsetDeleteRequest {
        var request = OffsetDeleteRequest()
        request.groupID = group
        request.topics = (0..<entries / 10).map { number in
            var topic = OffsetDeleteRequest.OffsetDeleteRequestTopic()
            topic.name = names[number % names.count]
            topic.partitions = (0..<Int32(10)).map { index in
                var partition = OffsetDeleteRequest.OffsetDeleteRequestPartition()
                partition.partitionIndex = index
                return partition
            }
            return topic
        }
        return request
    }
}

extension Compatibility {
    // One after the other, as each measures time.
    @Suite("Large groups beside well-behaved clients", .serialized)
    struct LargeGroups {
        private static let p99Milliseconds = 100.0
        private static let slowdown = 20.0

        @Test("much work for a coordinator holds up nobody", arguments: LargeGroupWork.acts)
        fileprivate func act(_ act: LargeGroupWork.Act) async throws {
            try await withBroker([("offsets.topic.num.partitions", "1")]) { broker in
                try LargeGroupWork.prepare(act, port: broker.port)
                let quiet = try await measure(broker.port, seconds: 0.3)
                let work = LargeGroupWork(act, port: broker.port)
                let beside = try await measure(broker.port, seconds: TestEnvironment.isLong ? 10 : 1)
                work.end()
                let actions = work.actions.load(ordering: .relaxed)
                print(
                    "\(act): \(actions) actions; well-behaved p99 \(beside.p99) ms (quiet \(quiet.p99)), "
                        + "\(beside.answers) answers")
                #expect(actions > 0)
                #expect(beside.p99 <= max(Self.p99Milliseconds, Self.slowdown * quiet.p99))
                #expect(try await broker.stop() == 0 || TestEnvironment.isKafka)
            }
        }

        private func measure(_ port: Int, seconds: Double) async throws -> (answers: Int, p99: Double) {
            let wellBehaved = WellBehavedClient(port: port, asking: [.versions, .commit, .produce])
            try await Task.sleep(for: .seconds(seconds))
            let (answers, p99) = try await wellBehaved.end()
            return (answers, p99)
        }
    }
}
