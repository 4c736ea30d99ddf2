// Classic groups beside Apache Kafka's: the same seeded requests to both, every reply equal.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Groups beside Apache Kafka", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct GroupComparisons {
        @Test("Apus answers seeded sequences of group requests as Kafka does, of either protocol and of both")
        func sequences() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let kinds = SequenceKind.allCases.filter {
                [nil, $0.rawValue].contains(TestEnvironment.variable("APUS_TEST_KIND"))
            }
            // Between two assignments no time has to pass, so that answers do not depend on the clock.
            let interval = ("group.consumer.assignment.interval.ms", "0")
            try await withBroker([("offsets.topic.num.partitions", "4"), interval]) { apus in
                try await withKafka(["\(interval.0)=\(interval.1)"]) { kafka in
                    for port in [apus.port, kafka] {
                        try prepare(port)
                        try StandingGroups.make(port: port)
                    }
                    for kind in kinds {
                        let begun = ContinuousClock.now
                        let seeds = first..<first + (number("APUS_TEST_SEEDS") ?? kind.count)
                        let tally = try await ComparedSequences(kind: kind, ports: [apus.port, kafka])
                            .run(seeds)
                        print("\(kind): \(tally.summary), \(ContinuousClock.now - begun)")
                        for story in tally.differences { Issue.record("\(story)") }
                        #expect(tally.count == seeds.count)
                        #expect(tally.suspects <= Tally.suspectsMax)
                        #expect(tally.undecided <= seeds.count / 10)
                    }
                }
            }
        }

        @Test("sequences find a broker that answers otherwise", arguments: SequenceKind.allCases)
        func planted(kind: SequenceKind) async throws {
            let setting =
                kind == .classic
                ? ("group.min.session.timeout.ms", "1000") : ("group.consumer.heartbeat.interval.ms", "5001")
            try await withBroker { one in
                try await withBroker([setting]) { other in
                    for port in [one.port, other.port] { try prepare(port) }
                    let tally = try await ComparedSequences(kind: kind, ports: [one.port, other.port])
                        .run(1..<6)
                    #expect(tally.differences.count > 0)
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
