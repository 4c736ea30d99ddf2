// Clients of the time before format v2 speak message sets, which the broker converts up and down.
import Foundation
import Testing

extension Compatibility {
    @Suite(
        "Clients before 0.11", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython),
        .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct OldClients {
        @Test("clients of 0.8, 0.9 and 0.10 read what each of them writes in each codec, and what is new")
        func messageSets() async throws {
            let base = (Int(Date.now.timeIntervalSince1970) - 3600) * 1000
            try await withBroker([("num.partitions", "3")]) { broker in
                try await runClient(
                    "old_formats.py", [broker.bootstrap, "\(base)"],
                    environment: ["PYTHONPATH": TestEnvironment.oldClients])
            }
        }
    }
}
