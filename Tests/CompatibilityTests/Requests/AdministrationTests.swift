// Sequences of requests of administration, beside what clients do otherwise, to Apus and to Apache Kafka:
// every reply equal, sentences too, also across restarts of both.
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Administration", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct Administration {
        @Test(
            "Apus administers, and says why not, as Kafka does, over restarts too", .timeLimit(.minutes(90)))
        func sameReplies() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            // Other names than those of the sequences of all keys.
            let first = number("APUS_TEST_SEED") ?? 100_001
            let count = number("APUS_TEST_SEEDS") ?? (TestEnvironment.isLong ? 2_000 : 200)
            let restarts = Int(number("APUS_TEST_RESTARTS") ?? 2)
            for start in stride(from: first, to: first + count, by: Int(Self.seedsOfOnePair)) {
                try await compare(start..<min(start + Self.seedsOfOnePair, first + count), restarts)
            }
        }

        /// So many sequences have brokers of their own: what they leave stays, and a Kafka with thousands of
        /// partitions is not back from a restart within a minute.
        private static let seedsOfOnePair: UInt64 = 200

        private func compare(_ seeds: Range<UInt64>, _ restarts: Int) async throws {
            let begun = ContinuousClock.now
            try await RestartedBrokers.run { brokers in
                let requests = ComparedRequests(
                    ports: brokers.ports, scope: .administration,
                    restarts: .init(count: restarts) { try await brokers.restart() })
                let tally = try await requests.run(seeds)
                print(
                    "seeds \(seeds): \(tally.requestCount) requests of administration,",
                    "\(brokers.restartCount) restarts, \(tally.differences.count) differences,",
                    "\(ContinuousClock.now - begun)")
                for text in tally.summary { Issue.record("\(text)") }
            }
        }

        @Test("requests of administration find a broker that answers otherwise")
        func planted() async throws {
            try await withBroker { one in
                try await withBroker([("delete.topic.enable", "false")]) { other in
                    for port in [one.port, other.port] { try ComparedBrokers.prepare(port) }
                    let tally = try await ComparedRequests(
                        ports: [one.port, other.port], scope: .administration
                    ).run(1..<5)
                    #expect(tally.differences.contains { $0.key == .deleteTopics })
                }
            }
        }

        @Test("a broker that forgets over a restart is found")
        func plantedLoss() async throws {
            try await withBroker { one in
                try await withBroker { other in
                    let ports = [one.port, other.port]
                    for port in ports { try ComparedBrokers.prepare(port) }
                    let loses = RestartedBrokers(ports: ports) {
                        try await one.crash()
                        try await other.crash()
                        try FileManager.default.removeItem(atPath: other.directory)
                        for broker in [one, other] { try await broker.restart() }
                    }
                    let tally = try await ComparedRequests(
                        ports: ports, scope: .administration,
                        restarts: .init(count: 1) { try await loses.restart() }
                    ).run(1..<9)
                    #expect(loses.restartCount == 1 && !tally.differences.isEmpty)
                }
            }
        }
    }
}

/// Two brokers that can be ended and started again.
// Only the lane that comes last restarts them, while all others wait for it.
final class RestartedBrokers: @unchecked Sendable {
    /// Apus first.
    let ports: [Int]
    private let restarting: () async throws -> Void
    private(set) var restartCount = 0

    /// Brokers that `restarting` starts anew; it is called by one task at a time.
    init(ports: [Int], restarting: @escaping () async throws -> Void) {
        self.ports = ports
        self.restarting = restarting
    }

    /// Ends and starts both, and waits until both serve groups again.
    func restart() async throws {
        try await restarting()
        for port in ports { try ComparedBrokers.prepare(port) }
        restartCount += 1
    }

    /// Runs `body` with an Apus, which crashes at each restart, and a Kafka, which ends cleanly: after a
    /// crash it would serve nothing until its session with the controller is over.
    static func run(_ body: (RestartedBrokers) async throws -> Void) async throws {
        let common = ComparedBrokers.common
        try await withBroker(common + ComparedBrokers.own) { apus in
            let kafka = try await RestartedKafka(common.map { "\($0)=\($1)" })
            defer { kafka.command.signal(9) }
            let brokers = RestartedBrokers(ports: [apus.port, kafka.port]) {
                try await apus.crash()
                async let ended: Void = kafka.restart()
                try await apus.restart()
                try await ended
            }
            for port in brokers.ports { try ComparedBrokers.prepare(port) }
            try await body(brokers)
        }
    }
}

/// Apache Kafka as a process that is started more than once.
// One task at a time restarts it, and nobody else asks for its process meanwhile.
private final class RestartedKafka: @unchecked Sendable {
    let port: Int
    private let scratch = Scratch()
    private let settings: [String]
    private(set) var command: RunningCommand

    init(_ settings: [String]) async throws {
        self.settings = settings
        port = try FreePort.next()
        command = try Self.launch(scratch, port, settings)
        try await waitUntilReady()
    }

    /// Ends it cleanly, and starts it again.
    func restart() async throws {
        command.signal(15)
        _ = try await command.wait(seconds: 60)
        command = try Self.launch(scratch, port, settings)
        try await waitUntilReady()
    }

    private static func launch(_ scratch: Scratch, _ port: Int, _ settings: [String]) throws -> RunningCommand
    {
        let oracle = try #require(TestEnvironment.oracle)
        return try RunningCommand(
            ["\(oracle)/kafka.sh", "exec", scratch.path, "\(port)"] + settings,
            outputPath: scratch.path + "/log")
    }

    private func waitUntilReady() async throws {
        let end = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < end, command.isRunning {
            if let socket = try? WireConnection(port: port), (try? socket.askForVersions()) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CommandError.notReady(output: command.output)
    }
}
