// Thousands of short lives of a log directory, each decided by a seed, and the proof that a broken promise
// would be found.
import Base
import Glibc
import Testing

/// Seeds from which histories are begun: `make test-long` sets APUS_HISTORIES.
private let histories: Int = {
    guard let text = getenv("APUS_HISTORIES") else { return 1500 }
    return Int(String(cString: text)) ?? 1500
}()

/// Runs histories until one fails or all are done; the seed that failed, and how.
private func firstFailure(
    seeds: Range<UInt64>, lie: Lie? = nil
) -> (seed: UInt64, reason: String)? {
    let failure = Lock<(seed: UInt64, reason: String)?>(nil)
    runInParallel(seeds.count) { number in
        guard failure.withLock({ $0 == nil }) else { return }
        let seed = seeds.lowerBound + UInt64(number)
        var history = History(seed: seed, lie: lie)
        do {
            try history.run()
        } catch {
            failure.withLock { if $0 == nil || seed < $0?.seed ?? 0 { $0 = (seed, "\(error)") } }
        }
    }
    let found = failure.withLock { $0 }
    if lie == nil, let found {
        // Once more, aloud.
        var history = History(seed: found.seed)
        history.isTold = true
        do { try history.run() } catch { print("again: \(error)") }
    }
    return found
}

@Test("no crash, fault or stop breaks a promise, in any history")
func promisesHold() {
    let failure = firstFailure(seeds: 0..<UInt64(histories))
    #expect(failure == nil, "seed \(failure?.seed ?? 0): \(failure?.reason ?? "")")
}

@Test("each planted bug is found", arguments: Lie.allCases)
func plantedBugsAreFound(lie: Lie) {
    let failure = firstFailure(seeds: 0..<20_000, lie: lie)
    #expect(failure != nil, "nobody noticed: \(lie.rawValue)")
}
