// Classic groups beside Apache Kafka's: the same seeded requests to both, every reply equal.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Groups beside Apache Kafka", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct GroupComparisons {
        @Test(
            "Apus answers seeded sequences of group requests as Kafka does, of both protocols too",
            arguments: TestEnvironment.isLong ? [false, true] : [false])
        func sequences(isMixed: Bool) async throws {
            let first = TestEnvironment.variable("APUS_TEST_SEED").flatMap { UInt64($0) } ?? 1
            let count =
                TestEnvironment.variable("APUS_TEST_SEEDS").flatMap { UInt64($0) }
                ?? (TestEnvironment.isLong ? 1000 : 30)
            // Between two assignments no time has to pass, so that answers do not depend on the clock.
            let interval = ("group.consumer.assignment.interval.ms", "0")
            try await withBroker([("offsets.topic.num.partitions", "4"), interval]) { apus in
                try await withKafka(["\(interval.0)=\(interval.1)"]) { kafka in
                    for port in [apus.port, kafka] { try prepare(port) }
                    var undecided = 0
                    var failures = 0
                    for seed in first..<(first + count) {
                        var sequence = try GroupSequence(
                            seed: seed, ports: [apus.port, kafka], isMixed: isMixed)
                        switch try sequence.run() {
                        case .equal: break
                        case .otherLeader: undecided += 1
                        case .different(let story):
                            failures += 1
                            Issue.record("APUS_TEST_SEED=\(seed)\n\(story)")
                            if failures == 5 { return }
                        }
                    }
                    print("\(count) sequences, \(undecided) cut short where Kafka elects by hash order")
                    #expect(undecided <= count / 2)
                }
            }
        }

        @Test("Apus answers seeded sequences of consumer group requests as Kafka does")
        func consumerSequences() async throws {
            let first = TestEnvironment.variable("APUS_TEST_SEED").flatMap { UInt64($0) } ?? 1
            let count: UInt64 = TestEnvironment.isLong ? 300 : 30
            // Between two assignments no time has to pass, so that answers do not depend on the clock.
            let settings = ["offsets.topic.num.partitions=4", "group.consumer.assignment.interval.ms=0"]
            let pairs = settings.map { $0.split(separator: "=").map(String.init) }.map { ($0[0], $0[1]) }
            try await withBroker(pairs) { apus in
                try await withKafka(settings) { kafka in
                    for port in [apus.port, kafka] { try prepare(port) }
                    var failures = 0
                    for seed in first..<(first + count) {
                        var sequence = try ConsumerGroupSequence(seed: seed, ports: [apus.port, kafka])
                        guard let story = try sequence.run() else { continue }
                        failures += 1
                        Issue.record("APUS_TEST_SEED=\(seed)\n\(story)")
                        if failures == 5 { return }
                    }
                }
            }
        }

        /// Makes the topics, and lets the coordinator get ready.
        private func prepare(_ port: Int) throws {
            let connection = try WireConnection(port: port)
            var create = CreateTopicsRequest()
            create.timeoutMs = 10_000
            create.topics = ["t", "u"].map { name in
                var topic = CreateTopicsRequest.CreatableTopic()
                topic.name = name
                topic.numPartitions = 2
                topic.replicationFactor = 1
                return topic
            }
            try connection.sendRaw(
                Array(try create.frame(correlationID: 1, clientID: "test", version: 5).bytes))
            _ = try connection.receive()
            for attempt in Int32(0)..<200 {
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

        /// Runs `body` with Kafka on a port of its own.
        private func withKafka(
            _ settings: [String] = [], _ body: (Int) async throws -> Void
        ) async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let oracle = try #require(TestEnvironment.oracle)
            let kafka = try RunningCommand(
                ["\(oracle)/kafka.sh", "exec", scratch.path, "\(port)"] + settings,
                outputPath: scratch.path + "/log")
            defer { kafka.signal(9) }
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                if let socket = try? WireConnection(port: port), (try? socket.askForVersions()) != nil {
                    break
                }
                pause(milliseconds: 100)
            }
            try await body(port)
            kafka.signal(9)
            _ = try await kafka.wait(seconds: 20)
        }
    }
}
