// Access rules beside Apache Kafka with its StandardAuthorizer.
import Base
import Foundation
import Protocol
import TestSupport
import Testing

extension Compatibility {
    @Suite("Access rules", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct AccessRuleComparisons {
        @Test("are added, listed and deleted as by Kafka, in every version, and by kafka-acls", .endsHangs)
        func sequences() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let count = number("APUS_TEST_SEEDS") ?? (TestEnvironment.isLong ? 2_000 : 20)
            try await Self.withAuthorizers { ports in
                let begun = ContinuousClock.now
                var requests = 0
                for seed in first..<first + count {
                    var sequence = AccessRuleSequence(seed: seed, ports: ports)
                    try sequence.run()
                    requests += sequence.requestCount
                    if let difference = sequence.difference {
                        Issue.record("APUS_TEST_SEED=\(seed)\n\(difference)")
                    }
                }
                print(
                    "\(count) sequences about access rules, \(requests) requests,",
                    "\(ContinuousClock.now - begun)")
                for result in try await ToolRun(ports: ports).results(of: ToolRow.accessRules)
                where !result.isSame {
                    Issue.record("\(result.row.command)\n\(result.comparable)")
                }
            }
        }

        @Test("find a broker that answers otherwise", .endsHangs)
        func planted() async throws {
            try await withBroker(Self.settings) { one in
                try await withBroker { other in
                    var sequence = AccessRuleSequence(seed: 1, ports: [one.port, other.port])
                    try sequence.run()
                    #expect(sequence.difference != nil)
                }
            }
        }

        private static let settings = [
            ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
            ("super.users", "User:ANONYMOUS"),
        ]

        /// Runs `body` with the ports of an Apus and a Kafka that have authorizers.
        private static func withAuthorizers(_ body: ([Int]) async throws -> Void) async throws {
            try await withBroker(settings) { apus in
                try await ComparedBrokers.withKafka(settings.map { "\($0)=\($1)" }) { kafka in
                    try await body([apus.port, kafka])
                }
            }
        }
    }
}
