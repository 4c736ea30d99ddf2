// The structured fuzz of the wire: `make fuzz` runs it for a minute, `make test` for a few seconds.
import Glibc
import Testing

extension Compatibility {
    @Suite("Fuzz of the wire", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct WireFuzzes {
        @Test("a broker under odd frames stays up, answers others, and stops in time")
        func structured() async throws {
            let number = { name in TestEnvironment.variable(name).flatMap { UInt64($0) } }
            let seed = number("APUS_TEST_SEED") ?? 1
            let seconds = Double(number("APUS_FUZZ_SECONDS") ?? (TestEnvironment.isLong ? 600 : 6))
            let report = try await WireFuzz(seed: seed, seconds: seconds).run()
            print("seed \(seed): \(report.summary)")
            for problem in report.problems { Issue.record("\(problem)") }
            #expect(report.frames > Int(seconds) * 10)
            #expect(report.latencies.count > Int(seconds))
        }

        /// What the fuzz must notice, and how it says so.
        enum Harm: CaseIterable {
            case dies, standsStill, growsTooLarge

            var complaint: String {
                switch self {
                case .dies: "it ended with"
                case .standsStill: "it does not stop within"
                case .growsTooLarge: "it took"
                }
            }
        }

        @Test("a broker that dies, stands still or grows too large is found out", arguments: Harm.allCases)
        func harmIsNoticed(harm: Harm) async throws {
            var fuzz = WireFuzz(seed: 1, seconds: 1)
            switch harm {
            case .dies: fuzz.sabotage = { $0.command.signal(SIGKILL) }
            case .standsStill: fuzz.sabotage = { $0.command.signal(SIGSTOP) }
            case .growsTooLarge: fuzz.memoryMiB = 1
            }
            let report = try await fuzz.run()
            #expect(report.problems.contains { $0.hasPrefix(harm.complaint) }, "\(report.problems)")
        }
    }
}
