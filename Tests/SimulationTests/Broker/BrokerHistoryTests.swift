// Whole brokers, thousands of times: clients, crashes and all, each decided by a seed; and the proof that a
// broken promise would be found.
import Base
import Glibc
import Testing

/// Histories that are run: `make test-long` sets APUS_BROKER_HISTORIES.
private let histories: Int = {
    guard let text = getenv("APUS_BROKER_HISTORIES") else { return 200 }
    return Int(String(cString: text)) ?? 200
}()

/// The first seed.
private let firstSeed: UInt64 = getenv("APUS_SEED").flatMap { UInt64(String(cString: $0)) } ?? 0

/// Whether to print what was found.
private let isTold = getenv("APUS_HISTORIES_TOLD") != nil

/// Why a history fails; nil if it does not.
private func failure(of seed: UInt64, _ bug: BrokerBug? = nil, _ trace: Trace? = nil) -> String? {
    do {
        try BrokerHistory(seed: seed, bug: bug, trace: trace).run()
        return nil
    } catch { return "\(error)" }
}

/// Runs histories until one fails or all are done; the first seed that failed, and how.
private func firstFailure(
    _ seeds: Range<UInt64>, _ bug: BrokerBug? = nil
) -> (seed: UInt64, reason: String)? {
    let found = Lock<(seed: UInt64, reason: String)?>(nil)
    runInParallel(seeds.count) { number in
        guard found.withLock({ $0 == nil }) else { return }
        let seed = seeds.lowerBound + UInt64(number)
        guard let reason = failure(of: seed, bug) else { return }
        found.withLock { if $0 == nil || seed < $0?.seed ?? 0 { $0 = (seed, reason) } }
    }
    return found.withLock { $0 }
}

@Suite("whole brokers")
struct BrokerHistoryTests {
    @Test("no crash breaks a promise to any client")
    func promisesHold() {
        let found = firstFailure(firstSeed..<(firstSeed + UInt64(histories)))
        #expect(found == nil, "seed \(found?.seed ?? 0): \(found?.reason ?? "")")
        if let found, isTold {
            let trace = Trace()
            _ = failure(of: found.seed, nil, trace)
            trace.tell()
        }
    }

    @Test(
        "the same seed is the same history",
        .enabled(
            if: getenv("SWIFT_DETERMINISTIC_HASHING") != nil,
            "the order of tables differs without SWIFT_DETERMINISTIC_HASHING"),
        arguments: [UInt64(1), 2, 3])
    func isRepeatable(seed: UInt64) {
        let traces = (0..<2).map { _ in
            let trace = Trace()
            trace.add("\(failure(of: seed, nil, trace) ?? "no violation")")
            return trace.all
        }
        #expect(traces[0].count > 200)
        let differs = zip(traces[0], traces[1]).enumerated().first { $1.0 != $1.1 }
        #expect(
            traces[0] == traces[1], "line \(differs?.offset ?? -1): \(differs.map { "\($0.element)" } ?? "")")
    }

    @Test("each planted bug is found, and is the only one", arguments: BrokerBug.allCases)
    func plantedBugsAreFound(bug: BrokerBug) throws {
        let found = try #require(firstFailure(0..<5_000, bug), "nobody noticed: \(bug.rawValue)")
        let honest = failure(of: found.seed)
        #expect(honest == nil, "seed \(found.seed): \(found.reason), but also: \(honest ?? "")")
        if isTold { print("\(bug): seed \(found.seed): \(found.reason)") }
    }
}
