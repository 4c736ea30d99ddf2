// Peers that no client is: the broker stays up, serves others meanwhile, and its memory stays bounded.
import Testing

extension Compatibility {
    @Suite("Hostile peers")
    struct HostilePeers {
        /// The most that the process may ever take, in MiB; Kafka's heap alone is larger.
        private static let memoryMiB = TestEnvironment.isKafka ? 2000 : 160

        @Test(
            "the broker stays up in bounded memory",
            // 200 peers that announce 100 MB each make Kafka reserve 20 GB and fall over.
            arguments: HostileScenario.allCases.filter { !TestEnvironment.isKafka || $0 != .lyingSizes })
        func scenario(_ scenario: HostileScenario) async throws {
            try await withBroker { broker in
                try scenario.run(port: broker.port)
                // A queue of a thousand connections may have to be worked off first.
                _ = try WireConnection(port: broker.port, seconds: 30).askForVersions()
                let (now, peak) = (broker.memoryKiB("VmRSS"), broker.memoryKiB("VmHWM"))
                let peakMiB = try #require(peak) / 1024
                print("\(scenario): \(try #require(now) / 1024) MiB resident, \(peakMiB) MiB at most")
                #expect(peakMiB < Self.memoryMiB)
                #expect(broker.isRunning)
            }
        }
    }
}
