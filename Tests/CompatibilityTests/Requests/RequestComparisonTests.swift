// Requests of every kind, most of them odd, to Apus and to Apache Kafka: every reply equal.
import Base
import Protocol
import Testing

extension Compatibility.BesideKafka {
    @Suite("Replies") struct Replies {
        @Test("Apus answers odd requests of every key and version as Kafka does")
        func oddRequests() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let count = number("APUS_TEST_SEEDS") ?? (TestEnvironment.isLong ? 500 : 25)
            let begun = ContinuousClock.now
            let seeds = first..<first + count
            let tally = try await ComparedRequests(ports: ComparedBrokers.ports).run(seeds)
            let took = ContinuousClock.now - begun
            print("\(tally.requestCount) requests, \(tally.differences.count) differences, \(took)")
            for text in tally.summary { Issue.record("\(text)") }
            if seeds.count >= Self.seedsForAllRows {
                for row in tally.staleRows { Issue.record("no answer needs this row any more: \(row)") }
            }
        }

        /// With so many sequences every allowed difference turns up.
        private static let seedsForAllRows = 400

        @Test("odd requests find a broker that answers otherwise")
        func planted() async throws {
            try await withBroker { one in
                try await withBroker([("group.min.session.timeout.ms", "100000")]) { other in
                    for port in [one.port, other.port] { try ComparedBrokers.prepare(port) }
                    let tally = try await ComparedRequests(ports: [one.port, other.port]).run(1..<26)
                    #expect(
                        tally.differences.contains { $0.key == .joinGroup && $0.apus == 0 && $0.kafka == 26 })
                }
            }
        }
    }
}
