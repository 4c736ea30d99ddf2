// The promises of the seam, each a sentence and a trial that says where it is not kept. The suite runs them
// on every engine, and on stores with planted faults, which must not pass.
import Base
import Storage
import Testing

/// A promise of every store.
struct StorePromise: Sendable, CustomTestStringConvertible {
    let sentence: String
    /// How many seeds tell enough.
    var seeds: UInt64 = 3
    var config = LogConfig.small
    var start = Offset.zero
    let tryIt: @Sendable (Trial) throws -> Void

    var testDescription: String { sentence }

    /// Those first that cost least.
    static let all = ending + appending + upkeep + reading + histories

    /// Where a store of `engine` breaks it, each with the seed that shows it.
    func breaches(
        of engine: TestedEngine, seeds: UInt64? = nil,
        wrap: @escaping @Sendable (any LogStore) -> any LogStore = { $0 }
    ) throws -> [String] {
        try (0..<(seeds ?? self.seeds)).flatMap { seed in
            let trial = try Trial(
                engine, StoreSetup(seed: seed, config: config, start: start), wrap: wrap)
            try tryIt(trial)
            return trial.breaches.map { "seed \(seed): \($0)" }
        }
    }
}

extension StorageError {
    var isStale: Bool { if case .staleLeaderEpoch = self { true } else { false } }
    var isOffline: Bool { if case .offline = self { true } else { false } }
    var isOutOfSpace: Bool { if case .outOfSpace = self { true } else { false } }
    var isTooLarge: Bool { if case .batchTooLarge = self { true } else { false } }
    var isOutOfRange: Bool { if case .offsetOutOfRange = self { true } else { false } }
}
