// Apus and Apache Kafka side by side, started once for all tests that compare them.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    /// Tests that ask two brokers the same; they share one of each.
    @Suite(
        "Beside Apache Kafka", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava),
        ComparedBrokers())
    struct BesideKafka {}
}

/// Gives the tests of a suite the two brokers.
struct ComparedBrokers: SuiteTrait, TestScoping {
    /// Where Apus and Kafka listen, in this order.
    @TaskLocal static var ports: [Int] = []

    /// Settings of both.
    ///
    /// Between two assignments no time has to pass, so that answers do not depend on the clock. Records stay,
    /// however old they say they are, and so do groups that nobody uses.
    static let common = [
        ("group.consumer.assignment.interval.ms", "0"), ("log.retention.ms", "-1"),
        ("log.cleaner.enable", "false"), ("offsets.retention.check.interval.ms", "86400000"),
    ]
    /// Settings by which Apus is like `kafka.sh` makes Kafka.
    static let own = [("offsets.topic.num.partitions", "4"), ("apus.replication.clamp", "false")]

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withBroker(Self.common + Self.own) { apus in
            try await Self.withKafka(Self.common.map { "\($0)=\($1)" }) { kafka in
                let ports = [apus.port, kafka]
                for port in ports {
                    try Self.prepare(port)
                    try StandingGroups.make(port: port)
                }
                try await Self.$ports.withValue(ports) { try await function() }
            }
        }
    }

    /// Makes the topics of group comparisons, and lets the coordinator get ready.
    static func prepare(_ port: Int) throws {
        let connection = try WireConnection(port: port)
        var create = CreateTopicsRequest()
        create.timeoutMs = 10_000
        create.topics = (["t", "u"] as [Name]).map { name in
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = name
            topic.numPartitions = 2
            topic.replicationFactor = 1
            return topic
        }
        try connection.sendRaw(
            Array(try create.frame(correlationID: 1, clientID: "test", version: 5).bytes))
        _ = try connection.receive()
        for attempt in Int32(0)..<1200 {
            var fetch = OffsetFetchRequest()
            fetch.groups = (0..<20).map { number in
                var group = OffsetFetchRequest.OffsetFetchRequestGroup()
                group.groupID = "group\(number)"
                group.topics = nil
                return group
            }
            var find = FindCoordinatorRequest()
            find.coordinatorKeys = ["g"]
            try connection.sendRaw(
                Array(try find.frame(correlationID: attempt, clientID: "test", version: 4).bytes))
            _ = try connection.receive()
            try connection.sendRaw(
                Array(try fetch.frame(correlationID: attempt, clientID: "test", version: 8).bytes))
            let reply = try OffsetFetchResponse(
                reading: Array(try connection.receive()[5...]), version: 8)
            if reply.groups.allSatisfy({ $0.errorCode == 0 }) { return }
            pause(milliseconds: 100)
        }
        Issue.record("the coordinator on port \(port) is not ready")
    }

    /// Runs `body` with Kafka on a port of its own, or with the one on port `APUS_TEST_KAFKA`, which runs
    /// already; with data that lie in `folder`, if there are any, it is always one of its own.
    static func withKafka(
        _ settings: [String], on folder: String? = nil, _ body: (Int) async throws -> Void
    ) async throws {
        if folder == nil, let running = TestEnvironment.variable("APUS_TEST_KAFKA").flatMap({ Int($0) }) {
            return try await body(running)
        }
        let scratch = Scratch()
        let port = try FreePort.next()
        let oracle = try #require(TestEnvironment.oracle)
        let kafka = try RunningCommand(
            ["\(oracle)/kafka.sh", "exec", folder ?? scratch.path, "\(port)"] + settings,
            outputPath: scratch.path + "/log")
        defer { kafka.signal(9) }
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if let socket = try? WireConnection(port: port), (try? socket.askForVersions()) != nil { break }
            pause(milliseconds: 100)
        }
        try await body(port)
        kafka.signal(9)
        _ = try await kafka.wait(seconds: 20)
    }
}
