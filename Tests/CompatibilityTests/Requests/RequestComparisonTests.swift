// Requests of every kind, most of them odd, to Apus and to Apache Kafka: every reply equal.
import Testing

extension Compatibility.BesideKafka {
    @Suite("Replies") struct Replies {
        @Test("Apus answers odd requests of every key and version as Kafka does")
        func oddRequests() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let count = number("APUS_TEST_SEEDS") ?? (TestEnvironment.isLong ? 500 : 25)
            let begun = ContinuousClock.now
            let tally = try await ComparedRequests(ports: ComparedBrokers.ports).run(first..<first + count)
            let took = ContinuousClock.now - begun
            print("\(tally.requestCount) requests, \(tally.differences.count) differences, \(took)")
            for text in tally.summary { Issue.record("\(text)") }
        }
    }
}
