// Many seeded sequences of odd requests against the same two brokers, and what came of them.
import Base
import Foundation
import Protocol
import TestSupport

struct ComparedRequests {
    /// Apus first.
    let ports: [Int]
    var scope = RequestScope.everything
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

    /// Runs the sequences of all seeds.
    func run(_ seeds: Range<UInt64>) async throws -> Tally {
        let served = scope.chosen(of: try Self.served(by: ports))
        return try await withThrowingTaskGroup(of: Tally.self) { lanes in
            for lane in 0..<Self.lanes {
                lanes.addTask {
                    var tally = Tally()
                    for seed in stride(
                        from: seeds.lowerBound + lane, to: seeds.upperBound, by: Int(Self.lanes))
                    {
                        var sequence = RequestSequence(
                            seed: seed, ports: ports, served: served, scope: scope)
                        try sequence.run()
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
