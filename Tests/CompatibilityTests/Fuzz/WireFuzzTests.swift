// The structured fuzz of the wire: `make fuzz` runs it for a minute, `make test` for a few seconds.
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
    }
}
