// Thousands of short lives of a log directory, each decided by a seed, and the proof that a broken promise
// would be found.
import Base
import Glibc
import Testing

/// Seeds from which histories are begun: `make test-long` sets APUS_HISTORIES.
private let histories: Int = {
    guard let text = getenv("APUS_HISTORIES") else { return 250 }
    return Int(String(cString: text)) ?? 250
}()

/// The first of them.
private let firstSeed: UInt64 = getenv("APUS_SEED").flatMap { UInt64(String(cString: $0)) } ?? 0

/// Whether to print what was found.
private let isTold = getenv("APUS_HISTORIES_TOLD") != nil

/// Runs histories until one fails or all are done; the seed that failed, and how.
private func firstFailure(
    seeds: Range<UInt64>, bug: PlantedBug? = nil
) -> (seed: UInt64, reason: String)? {
    let failure = Lock<(seed: UInt64, reason: String)?>(nil)
    runInParallel(seeds.count) { number in
        guard failure.withLock({ $0 == nil }) else { return }
        let seed = seeds.lowerBound + UInt64(number)
        var history = History(seed: seed, bug: bug)
        do {
            try history.run()
        } catch {
            failure.withLock { if $0 == nil || seed < $0?.seed ?? 0 { $0 = (seed, "\(error)") } }
        }
    }
    let found = failure.withLock { $0 }
    if bug == nil, let found { retell(found.seed) }
    return found
}

/// Prints the trace of a seed that failed.
///
/// The order of hash tables differs from run to run unless SWIFT_DETERMINISTIC_HASHING is set, so it may take
/// several.
private func retell(_ seed: UInt64) {
    for _ in 0..<100 {
        let trace = Trace()
        var history = History(seed: seed)
        history.trace = trace
        do { try history.run() } catch {
            trace.tell()
            print("again: \(error)")
            return
        }
    }
}

@Test("no crash, fault or stop breaks a promise, in any history")
func promisesHold() {
    let failure = firstFailure(seeds: firstSeed..<(firstSeed + UInt64(histories)))
    #expect(failure == nil, "seed \(failure?.seed ?? 0): \(failure?.reason ?? "")")
}

@Test("each planted bug is found, and is the only one", arguments: PlantedBug.allCases)
func plantedBugsAreFound(bug: PlantedBug) throws {
    let failure = firstFailure(seeds: 0..<20_000, bug: bug)
    let found = try #require(failure, "nobody noticed: \(bug.rawValue)")
    // The same history on a disk without it: it was the bug that was found.
    let honest = firstFailure(seeds: found.seed..<(found.seed + 1))
    #expect(honest == nil, "seed \(found.seed): \(found.reason), but also: \(honest?.reason ?? "")")
    if isTold { print("\(bug): seed \(found.seed): \(found.reason)") }
}
