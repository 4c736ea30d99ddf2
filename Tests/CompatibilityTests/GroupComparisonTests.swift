// Classic groups beside Apache Kafka's: the same seeded requests to both, every reply equal.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility.BesideKafka {
    @Suite("Groups") struct GroupComparisons {
        @Test("Apus answers seeded sequences of group requests as Kafka does, of either protocol and of both")
        func sequences() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let first = number("APUS_TEST_SEED") ?? 1
            let kinds = SequenceKind.allCases.filter {
                [nil, $0.rawValue].contains(TestEnvironment.variable("APUS_TEST_KIND"))
            }
            for kind in kinds {
                let begun = ContinuousClock.now
                let seeds = first..<first + (number("APUS_TEST_SEEDS") ?? kind.count)
                let tally = try await ComparedSequences(kind: kind, ports: ComparedBrokers.ports).run(seeds)
                print("\(kind): \(tally.summary), \(ContinuousClock.now - begun)")
                for transcript in tally.differences { Issue.record("\(transcript)") }
                #expect(tally.count == seeds.count)
                #expect(tally.suspects <= Tally.suspectsMax)
                #expect(tally.undecided <= seeds.count / 10)
            }
        }

        @Test("sequences find a broker that answers otherwise", arguments: SequenceKind.allCases)
        func planted(kind: SequenceKind) async throws {
            let setting =
                kind == .classic
                ? ("group.min.session.timeout.ms", "1000") : ("group.consumer.heartbeat.interval.ms", "5001")
            try await withBroker { one in
                try await withBroker([setting]) { other in
                    for port in [one.port, other.port] { try ComparedBrokers.prepare(port) }
                    let tally = try await ComparedSequences(kind: kind, ports: [one.port, other.port])
                        .run(1..<6)
                    #expect(tally.differences.count > 0)
                }
            }
        }
    }
}
