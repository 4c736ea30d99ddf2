// Many seeded sequences of odd requests against the same two brokers, and what came of them.
import Base
import Foundation
import Protocol
import TestSupport

struct ComparedRequests {
    /// Apus first.
    let ports: [Int]
    var scope = RequestScope.everything
    /// Both brokers are started anew so often, each time in the middle of a sequence of each lane.
    var restarts: Restarts?
    /// How many run at a time.
    private static let lanes: UInt64 = 4

    struct Tally: Sendable {
        var requestCount = 0
        var differences: [ReplyDifference] = []
        var allowed: [Int: Int] = [:]

        /// Rows of the table of allowed answers that nothing needed.
        var staleRows: [String] {
            AllowedReply.table.indices.filter {
                allowed[$0] == nil && !AllowedReply.table[$0].isOfSentences
            }.map { number in
                let row = AllowedReply.table[number]
                return "\(row.key.name) \(row.path): \(row.reason)"
            }
        }

        /// Each kind of difference once, with its first example.
        var summary: [String] {
            let kinds = Dictionary(grouping: differences) { difference in
                "\(difference.key.name) \(difference.path): Apus \(Self.short(difference.apus)), Kafka "
                    + Self.short(difference.kafka)
            }
            return kinds.sorted { $0.key < $1.key }.map { kind, all in
                let first = all[0]
                return """
                    \(kind) (\(all.count) times, versions \(Set(all.map(\.version)).sorted()))
                        APUS_TEST_SEED=\(first.seed) step \(first.step) v\(first.version): \(first.request)
                        Apus \(first.replies[0].description.prefix(600))
                        Kafka \(first.replies[1].description.prefix(600))
                    """
            }
        }

        private static func short(_ value: JSONValue?) -> String {
            guard let value else { return "nothing" }
            return value.isContainer ? "something" : String("\(value)".prefix(60))
        }
    }

    /// When both brokers end and start again.
    struct Restarts: Sendable {
        let count: Int
        /// Ends and starts both, and returns once both serve what they served before.
        let restart: @Sendable () async throws -> Void
    }

    /// Runs the sequences of all seeds.
    func run(_ seeds: Range<UInt64>) async throws -> Tally {
        let served = scope.chosen(of: try Self.served(by: ports))
        let laneCount = min(Self.lanes, UInt64(seeds.count))
        let perLane = seeds.count / Int(max(1, laneCount))
        let interval = restarts.map { max(1, perLane / ($0.count + 1)) }
        let meeting = Meeting(of: Int(laneCount)) { try await restarts?.restart() }
        return try await withThrowingTaskGroup(of: Tally.self) { lanes in
            for lane in 0..<laneCount {
                lanes.addTask {
                    var tally = Tally()
                    let own = stride(
                        from: seeds.lowerBound + lane, to: seeds.upperBound, by: Int(laneCount))
                    for (number, seed) in own.enumerated() {
                        var sequence = RequestSequence(
                            seed: seed, ports: ports, served: served, scope: scope,
                            hidesLaterEpochs: restarts != nil)
                        try sequence.begin()
                        if let interval, let restarts, number % interval == interval - 1,
                            number < min(perLane, interval * restarts.count)
                        {
                            try sequence.ask(half: 0)
                            try await meeting.arrive()
                            try sequence.brokersHaveRestarted()
                            try sequence.ask(half: 1)
                        } else {
                            for half in 0...1 { try sequence.ask(half: half) }
                        }
                        tally.requestCount += sequence.requestCount
                        tally.differences += sequence.differences
                        tally.allowed.merge(sequence.allowed, uniquingKeysWith: +)
                    }
                    return tally
                }
            }
            return try await lanes.reduce(into: Tally()) { all, one in
                all.requestCount += one.requestCount
                all.differences += one.differences
                all.allowed.merge(one.allowed, uniquingKeysWith: +)
            }
        }
    }

    /// Where lanes wait for each other; the last to come does something before all go on.
    private actor Meeting {
        private let size: Int
        private let body: @Sendable () async throws -> Void
        private var waiting: [CheckedContinuation<Void, any Error>] = []

        init(of size: Int, _ body: @escaping @Sendable () async throws -> Void) {
            self.size = size
            self.body = body
        }

        func arrive() async throws {
            guard waiting.count + 1 == size else {
                return try await withCheckedThrowingContinuation { waiting.append($0) }
            }
            let others = waiting
            waiting = []
            do {
                try await body()
            } catch {
                for other in others { other.resume(throwing: error) }
                throw error
            }
            for other in others { other.resume() }
        }
    }

    /// The keys and versions that all brokers serve; `APUS_TEST_KEY` asks for one key.
    private static func served(by ports: [Int]) throws -> RequestSequence.Served {
        let lists = try ports.map { port in
            let body = try WireConnection(port: port).askForVersions()
            let reply = try ApiVersionsResponse(reading: body, version: 0)
            return Dictionary(
                uniqueKeysWithValues: reply.apiKeys.map { ($0.apiKey, ($0.minVersion, $0.maxVersion)) })
        }
        let only = TestEnvironment.variable("APUS_TEST_KEY")
        return APIKey.allCases.filter { only == nil || only == $0.name }.compactMap { key in
            let ranges = lists.compactMap { $0[key.rawValue] }
            guard ranges.count == ports.count, let low = ranges.map(\.0).max(),
                let high = ranges.map(\.1).min(),
                low <= high
            else { return nil }
            // Kafka says that it serves the first versions of Produce, but does not.
            return (key, (key == .produce ? max(low, 3) : low)...high)
        }
    }
}
