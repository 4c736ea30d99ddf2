// What creating topics may cost: limits of one request as Kafka has them, a limit of all partitions, and
// partitions made by the slice. The expected answers are those of Apache Kafka 4.3.1.
import Base
import Glibc
import Protocol
import Simulation
import TestSupport
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Storage

@Suite("creating topics", .endsHangs)
struct CreationTests {
    private static let tooMany = "Excessively large number of partitions per request."
    private static let tooLarge = "Unable to perform excessively large batch operation."

    /// A topic of a request, and the error code that it gets.
    struct Wanted: Sendable {
        var name: Name
        var partitions: Int32
        var assigned = 0
        var configs = 0
        var code: ErrorCode
        var message: String?
    }

    private static func refused(_ topics: [(Name, Int32)], _ message: String) -> [Wanted] {
        topics.map { .init(name: $0, partitions: $1, code: .policyViolation, message: message) }
    }

    /// What Kafka answers to requests that are only validated.
    private static let requests: [[Wanted]] = [
        [.init(name: "a", partitions: 9_999, code: .none)],
        [.init(name: "a", partitions: 10_000, code: .policyViolation, message: tooLarge)],
        [.init(name: "a", partitions: 10_001, code: .policyViolation, message: tooMany)],
        [.init(name: "a", partitions: .max, code: .policyViolation, message: tooMany)],
        [.init(name: "a", partitions: 9_998, configs: 1, code: .none)],
        [.init(name: "a", partitions: 9_999, configs: 1, code: .policyViolation, message: tooLarge)],
        (0..<2).map { .init(name: "a\($0)", partitions: 5_001, code: .policyViolation, message: tooMany) },
        [
            .init(name: "a", partitions: 9_998, code: .none),
            .init(name: "b c", partitions: 2, code: .invalidTopicException),
        ],
        [
            .init(name: "a", partitions: 0, code: .invalidPartitions),
            .init(name: "b", partitions: 9_999, code: .none),
        ],
        // A number that is no number of partitions counts nothing, and one by default counts.
        refused([("a", .min), ("b", 10_001)], tooMany),
        refused([("a", -5), ("b", 10_000)], tooLarge),
        refused([("a", -1), ("b", 10_000)], tooMany),
        [.init(name: "a", partitions: -1, assigned: 10_001, code: .policyViolation, message: tooMany)],
        [.init(name: "a", partitions: -1, assigned: 10_000, code: .policyViolation, message: tooLarge)],
        [.init(name: "a b", partitions: 10_001, code: .policyViolation, message: tooMany)],
        (0..<5_000).map { .init(name: "t\($0)", partitions: 1, code: .none) },
        (0..<5_001).map { .init(name: "t\($0)", partitions: 1, code: .policyViolation, message: tooLarge) },
        (0..<10_001).map { .init(name: "t\($0)", partitions: 1, code: .policyViolation, message: tooMany) },
    ]

    @Test("one request creates as much as Kafka lets it, and no more", arguments: requests.indices)
    func limitsOfRequest(number: Int) throws {
        let rig = try BrokerRig { $0.partitionsMax = .max }
        let wanted = Self.requests[number]
        var request = CreateTopicsRequest()
        request.validateOnly = true
        request.topics = wanted.map { wanted in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = wanted.name
            topic.numPartitions = wanted.partitions
            topic.replicationFactor = wanted.assigned > 0 ? -1 : 1
            topic.assignments = (0..<wanted.assigned).map { index in
                var assignment = CreateTopicsRequest.CreatableReplicaAssignment()
                assignment.partitionIndex = Int32(index)
                assignment.brokerIDs = [1]
                return assignment
            }
            if wanted.configs > 0 {
                var config = CreateTopicsRequest.CreatableTopicConfig()
                config.name = "retention.ms"
                config.value = "1"
                topic.configs = [config]
            }
            return topic
        }
        let answer = try rig.ask(request, version: 4, CreateTopicsResponse.self)
        #expect(answer.topics.map(\.name) == wanted.map(\.name))
        for (topic, wanted) in zip(answer.topics, wanted) {
            #expect(topic.errorCode == wanted.code.rawValue)
            if let message = wanted.message { #expect(topic.errorMessage == message) }
        }
        #expect(rig.broker.catalog.topics.all.isEmpty)
    }

    @Test("beyond apus.partitions.max no partition is created, whoever asks for it")
    func limitOfAll() throws {
        let rig = try BrokerRig { $0.partitionsMax = 10 }
        try rig.topic("a", partitions: 6)
        var request = CreateTopicsRequest()
        request.topics = [(Name("b"), Int32(5)), ("c", 3), ("d", 2)].map { name, count in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = name
            topic.numPartitions = count
            topic.replicationFactor = 1
            return topic
        }
        let answer = try rig.ask(request, version: 4, CreateTopicsResponse.self)
        #expect(answer.topics.map(\.errorCode) == [44, 0, 44])
        #expect(answer.topics[0].errorMessage?.contains("apus.partitions.max is 10") == true)
        #expect(rig.broker.catalog.topics.partitionCount == 9)
        var metadata = MetadataRequest()
        metadata.topics = (["e", "f"] as [Name]).map { name in
            var topic = MetadataRequest.MetadataRequestTopic()
            topic.name = name
            return topic
        }
        let made = try rig.ask(metadata, version: 4, MetadataResponse.self)
        #expect(made.topics.map(\.errorCode) == [0, 44])
        try rig.delete("a")
        #expect(rig.broker.catalog.topics.partitionCount == 4)
        try rig.topic("b", partitions: 6)
    }

    @Test("names that differ in dots and underscores collide, with topics of the moment alone")
    func collisions() throws {
        let rig = try BrokerRig()
        try rig.topic("a.b_c")
        #expect(rig.broker.catalog.topics.topic(collidingWith: "a_b.c")?.name == "a.b_c")
        #expect(rig.broker.catalog.topics.topic(collidingWith: "abc") == nil)
        try rig.delete("a.b_c")
        #expect(rig.broker.catalog.topics.topic(collidingWith: "a_b.c") == nil)
        try rig.topic("a_b.c")
    }

    @Test("partitions of one slice share their syncs: each has its files, and one more for all of them")
    func slice() throws {
        let half = try StorageHalf(on: SimulatedDisk(seed: 1))
        let before = half.directory.table.openLogs.count
        #expect(half.create("t", partitions: 230) == nil)
        #expect(half.directory.table.openLogs.count - before == 230)
        #expect(half.directory.partitionCount == 230)
        #expect(half.catalog.opening.isAtWork == false)
        #expect(half.delete("t") == nil)
        #expect(half.directory.partitionCount == 0)
        #expect(try half.directory.partitionNames().map(\.topic) == [TopicName.clusterMetadata])
        half.directory.abandon()
    }

    @Test("a crash between the record and the directories leaves partitions that the next start makes")
    func interrupted() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try StorageHalf(on: disk)
        #expect(first.create("t", partitions: 3) == nil)
        let killed = disk.afterPowerCut()
        // As if two of them had not been made.
        for index in 1..<3 {
            for entry in try killed.list("/data/t-\(index)") {
                try killed.remove("/data/t-\(index)/\(entry.name)")
            }
            try killed.removeDirectory("/data/t-\(index)")
        }
        first.directory.abandon()
        let second = try StorageHalf(on: killed)
        for index in Int32(0)..<3 { try second.append("t", index) }
        second.directory.abandon()
    }

    @Test(
        "what is noted of a deleted topic is not taken for what a new one of its name held",
        arguments: [false, true])
    func recreated(crashesAgain: Bool) throws {
        let first = try StorageHalf(on: SimulatedDisk(seed: 1))
        #expect(first.create("t", partitions: 1) == nil)
        for _ in 0..<3 { try first.append("t") }
        try first.directory.writeCheckpoints()
        #expect(first.delete("t") == nil)
        first.directory.abandon()
        var last = try StorageHalf(on: first.disk.afterKill())
        #expect(last.create("t", partitions: 1) == nil)
        if crashesAgain {
            // As if the crash had come before the directory was made.
            last.directory.abandon()
            let killed = last.disk.afterKill()
            for entry in try killed.list("/data/t-0") { try killed.remove("/data/t-0/\(entry.name)") }
            try killed.removeDirectory("/data/t-0")
            last = try StorageHalf(on: killed)
        }
        #expect(try last.log("t").bounds.logStart == .zero)
        #expect(last.lines(about: "partition.given_up") == 0)
        last.directory.abandon()
    }
}

extension BrokerRig {
    /// Sends `request` over a connection of its own, and waits for the reply, which threads of the broker may
    /// have to do something for.
    func ask<Request: RequestMessage, Reply: ReplyMessage>(
        _ request: Request, version: Int16, _ reply: Reply.Type
    ) throws -> Reply {
        let client = try connect()
        try client.send(request, version: version)
        for _ in 0..<20_000 {
            if let answer = try client.reply(reply, version: version) { return answer }
            step()
            usleep(500)
        }
        throw RigTimeout()
    }
}

/// A reply that did not come.
struct RigTimeout: Error {}
