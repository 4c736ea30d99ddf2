// Transactional producers beside Apache Kafka: the same seeded requests to both, every reply equal.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility.BesideKafka {
    @Suite("Transactions") struct TransactionComparisons {
        @Test(
            "Apus answers seeded sequences of transactional requests, old and new, as Kafka does",
            .timeLimit(.minutes(60)))
        func sequences() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let count = number("APUS_TEST_SEEDS") ?? (TestEnvironment.isLong ? 1_000 : 100)
            let begun = ContinuousClock.now
            let tally = try await Self.run(first..<first + count, ComparedBrokers.ports)
            print(
                "\(count) transactional sequences, \(tally.requests) requests,",
                "\(tally.differences.count) differences, \(ContinuousClock.now - begun)")
            for difference in tally.differences.prefix(10) { Issue.record("\(difference)") }
        }

        @Test("transactional sequences find a broker that answers otherwise")
        func planted() async throws {
            try await withBroker { one in
                try await withBroker([("transaction.max.timeout.ms", "60000")]) { other in
                    for port in [one.port, other.port] { try ComparedBrokers.prepare(port) }
                    let tally = try await Self.run(1..<11, [one.port, other.port])
                    #expect(tally.differences.count > 0)
                }
            }
        }

        /// How many run at a time: most of a sequence is waiting.
        private static let lanes: UInt64 = 4
        /// So many that differ beside others are run again by themselves, which is what counts: Kafka asks
        /// its coordinator for several producers at once, and answers all by what the first of them
        /// understands.
        private static let suspectsMax = 5

        private struct Ran {
            let seed: UInt64
            let requests: Int
            let difference: String?

            init(_ seed: UInt64, _ ports: [Int], attempt: Int = 0) throws {
                var sequence = TransactionSequence(seed: seed, ports: ports, attempt: attempt)
                try sequence.run()
                self.seed = seed
                requests = sequence.requestCount
                difference = sequence.difference.map { "APUS_TEST_SEED=\(seed)\n\($0)" }
            }
        }

        private static func run(
            _ seeds: Range<UInt64>, _ ports: [Int]
        ) async throws -> (requests: Int, differences: [String]) {
            let all = try await withThrowingTaskGroup(of: [Ran].self) { group in
                for lane in 0..<lanes {
                    group.addTask {
                        try stride(from: seeds.lowerBound + lane, to: seeds.upperBound, by: Int(lanes)).map {
                            try Ran($0, ports)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let suspects = all.filter { $0.difference != nil }.map(\.seed).sorted()
            let again = try suspects.prefix(suspectsMax).map { try Ran($0, ports, attempt: 1) }
            let unheard = suspects.dropFirst(suspectsMax).map { "APUS_TEST_SEED=\($0), not run again" }
            return (all.reduce(0) { $0 + $1.requests }, again.compactMap(\.difference) + unheard)
        }
    }
}
