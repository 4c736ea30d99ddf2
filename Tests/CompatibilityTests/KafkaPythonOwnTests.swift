// The integration tests that kafka-python's authors wrote for Kafka, against Apus.
import TestSupport
import Testing

extension Compatibility {
    @Suite("kafka-python's own tests", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct KafkaPythonOwn {
        @Test("all pass but for those that the script names, with reasons", .endsHangs)
        func pass() async throws {
            // As the broker that they would start.
            let settings = [
                ("node.id", "0"), ("group.min.session.timeout.ms", "1000"), ("num.partitions", "4"),
            ]
            try await withBroker(settings) { broker in
                let scratch = Scratch()
                let output = try await runClient(
                    "kafka_python_own.py", ["\(broker.port)", scratch.path + "/own"], seconds: 200)
                let summary = output.split(separator: "\n").last { $0.contains(" passed") } ?? ""
                #expect(!summary.isEmpty && !summary.contains(" failed"), "\(output.suffix(4_000))")
                print("kafka-python's own tests: \(summary)")
            }
        }
    }
}
