// What clients rely on beyond round trips; each scenario is a function of clients/semantics.py with its
// scenario.
import Testing

extension Compatibility {
    @Suite("Semantics", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct Semantics {
        @Test(
            "clients see Kafka's behaviour",
            arguments: [
                "acks", "nulls", "times", "watermarks", "topics", "auto_creation", "rules", "waiting",
                "configurations",
            ])
        func scenario(_ name: String) async throws {
            try await withBroker { broker in try await runClient("semantics.py", [name, broker.bootstrap]) }
        }
    }
}
