// Versions that Kafka 4 dropped have nobody to be compared with but their successors: what both can say, both
// say alike.
import Base
import Protocol
import Simulation
import TestSupport
import Testing

extension Compatibility {
    @Suite("Old versions", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct OldVersions {
        /// Keys of which older versions are served than Kafka 4 serves: those, and the first that it has.
        ///
        /// Records and times, which looked otherwise, have tests of their own (Produce, ListOffsets 0).
        /// OffsetCommit 0 knows no members, and CreateTopics 0 cannot only check.
        private static let first: [(key: APIKey, old: ClosedRange<Int16>, kept: Int16)] = [
            (.offsetCommit, 1...1, 2), (.offsetFetch, 0...0, 1), (.createTopics, 1...1, 2),
            (.deleteTopics, 0...0, 1), (.offsetForLeaderEpoch, 0...1, 2), (.fetch, 0...3, 4),
        ]

        @Test("the table knows which versions Kafka dropped, by what a recorded Kafka announced")
        func table() throws {
            let capture = try Replays.capture("java-basic")
            let reply = try #require(
                capture.events.lazy.compactMap { event -> CapturedFrame? in
                    if case .reply(let frame) = event, frame.api == .apiVersions { frame } else { nil }
                }.first)
            // Behind the correlation id.
            let body = Array(reply.bytes[4...])
            let rows = try ApiVersionsResponse(reading: body, version: reply.version).apiKeys
            #expect(rows.count > 50)
            for row in rows {
                let key = try #require(APIKey(rawValue: row.apiKey))
                // Versions of Produce are announced that are refused, as old clients look for them (KIP-896).
                guard let served = key.served, key != .produce else { continue }
                #expect(max(key.keptFrom, served.lowerBound) == row.minVersion, "\(key.name)")
            }
        }

        @Test("versions that Kafka dropped are answered as the first that it kept")
        func consistency() async throws {
            try await withBroker { one in
                try await withBroker { other in
                    for port in [one.port, other.port] { try ComparedBrokers.prepare(port) }
                    var compared = 0
                    for seed in UInt64(1)...(TestEnvironment.isLong ? 100 : 6) {
                        var sequence = OldVersionSequence(seed: seed, ports: [one.port, other.port])
                        compared += try sequence.run(Self.first, steps: 40)
                        for difference in sequence.differences { Issue.record("seed \(seed): \(difference)") }
                    }
                    #expect(compared > 100)
                }
            }
        }
    }
}

/// The same requests to two brokers, to the one in a version that Kafka dropped.
private struct OldVersionSequence {
    private let peers: [ComparedPeer]
    private var world: RequestWorld
    private var random: SeededRandom
    private(set) var differences: [String] = []

    init(seed: UInt64, ports: [Int]) {
        peers = ports.map { ComparedPeer(port: $0) }
        world = RequestWorld(seed: seed)
        random = SeededRandom(seed: seed)
    }

    /// How many replies were compared.
    mutating func run(_ keys: [(key: APIKey, old: ClosedRange<Int16>, kept: Int16)], steps: Int) throws -> Int
    {
        for step in world.beginning {
            let replies = try peers.compactMap { peer -> JSONValue? in
                let reply = try peer.ask(step.key, step.version, step.request)
                if let reply { peer.names.learn(reply) }
                return reply
            }
            // A broker that was too slow to begin with has another state.
            guard replies.count == peers.count else { return 0 }
            world.learn(step.key, step.request, replies, peers)
        }
        for _ in 0..<steps {
            let (key, range, kept) = random.pick(keys)
            let old = Int16.random(in: range, using: &random)
            var bases = RequestBases(world: world, version: old, random: random)
            guard let request = bases.request(key) else { continue }
            random = bases.random
            let shown = try zip(peers, [old, kept]).map { peer, version in
                try peer.ask(key, version, request).map { peer.names.comparable($0) }
            }
            JSONDifference.walk(shown[0], shown[1]) { path, old, new in
                // What only one of the versions has.
                guard old != nil, new != nil, !path.hasSuffix("records") else { return }
                differences.append("\(key.name) \(path): \(old ?? .null) and \(new ?? .null) to \(request)")
            }
        }
        return steps
    }
}
