// Peers that no client is: the broker stays up, serves others meanwhile, and its memory stays bounded.
import Testing

extension Compatibility {
    @Suite("Hostile peers", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct HostilePeers {
        /// The most that the process may ever take, in MiB; Kafka's heap alone is larger.
        private static let memoryMiB = TestEnvironment.isKafka ? 2000 : 160

        @Test(
            "the broker stays up in bounded memory",
            arguments: [
                "garbage", "lying_sizes", "lying_lengths", "bombs", "truncated", "slow", "tiny_frames",
                "never_reads", "idle", "churn", "vanish",
            ])
        func scenario(_ name: String) async throws {
            // 200 peers that announce 100 MB each make Kafka reserve 20 GB and fall over.
            guard !(TestEnvironment.isKafka && name == "lying_sizes") else { return }
            try await withBroker { broker in
                let output = try await runClient(
                    "hostile.py",
                    [name, "\(broker.port)", "\(broker.processID)", "\(HostilePeers.memoryMiB)"],
                    environment: TestEnvironment.isKafka ? ["APUS_TEST_TINY": "100000"] : [:])
                print(output.split(separator: "\n").last.map(String.init) ?? "")
                #expect(broker.isRunning)
            }
        }
    }
}
