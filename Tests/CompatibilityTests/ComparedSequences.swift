// Many seeded sequences of group requests against the same two brokers, several at a time: most of a sequence
// is waiting.
import Base
import Testing

/// How a sequence ended.
enum SequenceEnding: Equatable {
    case equal
    /// Kafka's choice of a leader follows a hash map; from there on the two differ rightly.
    case otherLeader
    case different(String)
}

/// What the members of a sequence speak.
enum SequenceKind: String, CaseIterable {
    case classic, consumer, mixed

    /// How many sequences `make test` runs, and `make test-long`.
    var count: UInt64 {
        switch self {
        case .classic: TestEnvironment.isLong ? 1000 : 100
        case .consumer, .mixed: TestEnvironment.isLong ? 300 : 100
        }
    }

    /// Runs the sequence of `seed` with Apus and Kafka on these ports; what another run of it leaves behind
    /// does not matter if its `attempt` is another one.
    fileprivate func run(_ seed: UInt64, _ ports: [Int], attempt: Int = 0) async throws -> SequenceEnding {
        let group: Name = "\(self)-\(seed)-\(attempt)"
        // Alone and at leisure nothing is late because of the machine.
        let quiet = Duration.milliseconds(attempt == 0 ? 25 : 200)
        switch self {
        case .consumer:
            var sequence = try ConsumerGroupSequence(group, seed: seed, ports: ports)
            return try sequence.run()
        case .classic, .mixed:
            var sequence = try GroupSequence(
                group, seed: seed, ports: ports, isMixed: self == .mixed, quiet: quiet)
            return try await sequence.run()
        }
    }
}

/// How the sequences of one kind ended.
struct Tally {
    /// How many may differ beside others; so many are run again by themselves, which is what counts.
    static let suspectsMax = 5

    let count: Int
    /// Cut short where Kafka elects by hash order.
    var undecided = 0
    /// Those that differed beside others.
    var suspects = 0
    /// The transcripts of those that differ also by themselves.
    var differences: [String] = []

    /// All that in one line.
    var summary: String {
        "\(count) sequences, \(differences.count) differ (\(suspects) beside others), \(undecided) cut short"
    }
}

/// The sequences of one kind.
struct ComparedSequences {
    let kind: SequenceKind
    let ports: [Int]

    /// How many run at a time.
    private static let lanes: UInt64 = 12

    /// Runs the sequences of all seeds.
    func run(_ seeds: Range<UInt64>) async throws -> Tally {
        let endings = try await withThrowingTaskGroup(of: [(UInt64, SequenceEnding)].self) { lanes in
            for lane in 0..<Self.lanes {
                lanes.addTask { try await run(lane: lane, of: seeds) }
            }
            return try await lanes.reduce(into: []) { $0 += $1 }
        }
        var tally = Tally(count: endings.count)
        for (seed, ending) in endings.sorted(by: { $0.0 < $1.0 }) {
            switch ending {
            case .equal: break
            case .otherLeader: tally.undecided += 1
            case .different:
                tally.suspects += 1
                guard tally.suspects <= Tally.suspectsMax,
                    case .different(let transcript) = try await kind.run(seed, ports, attempt: 1)
                else { continue }
                tally.differences.append("APUS_TEST_KIND=\(kind) APUS_TEST_SEED=\(seed)\n\(transcript)")
            }
        }
        return tally
    }

    private func run(lane: UInt64, of seeds: Range<UInt64>) async throws -> [(UInt64, SequenceEnding)] {
        var endings: [(UInt64, SequenceEnding)] = []
        for seed in stride(from: seeds.lowerBound + lane, to: seeds.upperBound, by: Int(Self.lanes)) {
            endings.append((seed, try await kind.run(seed, ports)))
        }
        return endings
    }
}
