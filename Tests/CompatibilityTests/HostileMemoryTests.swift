// Peers that take what others need, each beside a client that wants little: what that one feels, and what the
// broker's memory comes to.
import Foundation
import Synchronization
import TestSupport
import Testing

extension Compatibility {
    @Suite(
        "Hostile peers beside well-behaved ones",
        .enabled(if: !TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct HostileMemory {
        /// What a well-behaved client waits at most, for 99 of 100 answers, and how much slower than in quiet
        /// that may be where the machine itself is slow.
        private static let p99Milliseconds = 100.0
        private static let slowdown = 10.0
        /// What the broker may take above what it takes when idle.
        private static let memoryKiB = 64 << 10
        private static var seconds: Double { TestEnvironment.isLong ? 20 : 1.5 }

        @Test(
            "a well-behaved client is served in time and memory stays bounded beside", .endsHangs,
            arguments: HostileActs.Act.allCases)
        func act(_ act: HostileActs.Act) async throws {
            try await withBroker { broker in
                try HostileActs.prepare(act, port: broker.port)
                let quiet = try await Self.measure(broker, seconds: 0.3)
                let idleKiB = try #require(broker.memoryKiB("VmRSS"))
                let peers = HostileActs(act, port: broker.port)
                let beside = try await Self.measure(broker, seconds: Self.seconds)
                let actions = peers.actions.load(ordering: .relaxed)
                // Stopped in the middle of it.
                let begun = ContinuousClock.now
                let status = try await broker.stop()
                let stopTook = ContinuousClock.now - begun
                try await peers.end()
                print(
                    "\(act): \(actions) actions; well-behaved p99 \(beside.p99) ms (quiet \(quiet.p99)), "
                        + "\(beside.answers) answers; memory +\((beside.peakKiB - idleKiB) / 1024) MiB; "
                        + "stop \(stopTook)")
                #expect(actions > 0)
                #expect(beside.p99 <= max(Self.p99Milliseconds, quiet.p99 * Self.slowdown))
                #expect(beside.peakKiB - idleKiB <= Self.memoryKiB + act.frameKiB)
                #expect(status == 0, "the stop was not clean")
                #expect(stopTook < .seconds(8))
                try Self.checkLog(broker.log, act)
            }
        }

        /// Has a well-behaved client at work for a while; what it felt, and the broker's highest memory.
        private static func measure(
            _ broker: BrokerProcess, seconds: Double
        ) async throws -> (answers: Int, p99: Double, peakKiB: Int) {
            let wellBehaved = WellBehavedClient(port: broker.port)
            var peak = 0
            let end = ContinuousClock.now + .seconds(seconds)
            while ContinuousClock.now < end {
                peak = max(peak, broker.memoryKiB("VmRSS") ?? 0)
                try await Task.sleep(for: .milliseconds(10))
            }
            let (answers, p99) = try await wellBehaved.end()
            return (answers, p99, peak)
        }

        /// A flood fills no log, and is not forgotten either.
        private static func checkLog(_ log: String, _ act: HostileActs.Act) throws {
            let closed = log.split(separator: "\n").filter { $0.contains(" connection.closed ") }
            #expect(closed.count <= 60)
            if act == .broken { #expect(closed.contains { $0.contains(" suppressed=") }) }
        }
    }
}

extension HostileActs.Act {
    /// The one frame that a broker must take into memory to serve those who mean it.
    fileprivate var frameKiB: Int { self == .holders ? 95_000_000 / 1024 : 0 }
}
