// A seeded sequence of requests to two brokers, most of them odd: what the one answers, the other must.
import Base
import Protocol
import Simulation
import TestSupport

/// One way in which two brokers answered differently.
struct ReplyDifference: Sendable {
    let seed: UInt64
    let step: Int
    let key: APIKey
    let version: Int16
    /// Fields without indices.
    let path: String
    let apus: JSONValue?
    let kafka: JSONValue?
    /// What was asked.
    let request: String
    /// The whole replies.
    let replies: [JSONValue]
}

struct RequestSequence {
    /// Versions that both brokers serve.
    typealias Served = [(key: APIKey, versions: ClosedRange<Int16>)]

    /// So many requests one sequence has.
    private var steps: Int { scope == .administration ? 12 : 40 }
    /// So long two brokers may keep silent before that counts as waiting.
    private static let waitMilliseconds = 300
    /// So long one of them may be behind the other.
    private static let slackMilliseconds = 4_000

    private let seed: UInt64
    private let served: Served
    private let scope: RequestScope
    private let peers: [ComparedPeer]
    private var world: RequestWorld
    private var random: SeededRandom
    private(set) var differences: [ReplyDifference] = []
    private(set) var requestCount = 0
    /// How often rows of the table of allowed answers were needed, by their numbers.
    private(set) var allowed: [Int: Int] = [:]
    private var isOver = false

    /// The sequence of `seed` for the brokers on `ports`, Apus first.
    init(
        seed: UInt64, ports: [Int], served: Served, scope: RequestScope = .everything,
        hidesLaterEpochs: Bool = false
    ) {
        self.seed = seed
        self.served = served
        self.scope = scope
        peers = ports.map { ComparedPeer(port: $0) }
        world = RequestWorld(seed: seed)
        random = SeededRandom(seed: seed)
        for peer in peers { peer.names.hidesLaterEpochs = hidesLaterEpochs }
    }

    /// Makes what the sequence is about.
    mutating func begin() throws {
        for peer in peers {
            guard let cluster = try peer.ask(.metadata, 12, ["topics": []]) else { continue }
            peer.names.learn(cluster)
        }
        for (index, step) in world.beginning.enumerated() {
            try ask(
                OddFrame(key: step.key, version: step.version, base: step.request, seed: 0, oddFields: 0),
                step: index - world.beginning.count)
        }
    }

    /// Asks the first half of the requests, or the second.
    mutating func ask(half: Int) throws {
        for step in (half * steps / 2)..<((half + 1) * steps / 2) where !isOver {
            if let frame = next(step), try !endsKafka(frame) { try ask(frame, step: step) }
        }
    }

    /// Goes on with brokers that have ended and started again: connections and fetch sessions are gone.
    mutating func brokersHaveRestarted() throws {
        world.fetchEpoch = 0
        for peer in peers { peer.drop() }
        let fresh = [0, 1, 2].map { world.prefix + "-fresh\($0)" }
        try settle(on: [world.written, world.compacted, world.empty] + fresh)
    }

    /// Whether a Kafka that gets this request is no more: the listener of a voter that has no name ends the
    /// process (4.3.1; GAPS.md).
    private func endsKafka(_ frame: OddFrame) throws -> Bool {
        guard frame.key == .addRaftVoter, let kafka = peers.last else { return false }
        let bytes = try frame.bytes(
            0, kafka.names.resolved(frame.base), values(for: kafka, frame.key)
        ).bytes
        guard let (header, start) = try? RequestHeader.read(from: bytes.span.bytes),
            let request = try? AddRaftVoterRequest(reading: Array(bytes[start...]), version: header.version)
        else { return false }
        return request.listeners.contains { $0.name.text.allSatisfy(\.isWhitespace) }
    }

    private mutating func next(_ step: Int) -> OddFrame? {
        let (key, versions) = random.pick(served)
        let version =
            random.chance(2)
            ? random.pick([-1, versions.upperBound + 1, 99, .max])
            : Int16.random(in: versions, using: &random)
        // A version that is not there has the fields of the next one that is.
        let bodyVersion = min(max(version, versions.lowerBound), versions.upperBound)
        var bases = RequestBases(world: world, version: bodyVersion, random: random)
        let base = bases.request(key)
        random = bases.random
        let oddFields = random.pick(scope.oddFields)
        let oddity =
            random.chance(4)
            ? random.pick(OddFrame.FrameOddity.allCases) : nil
        guard let base else { return nil }
        return OddFrame(
            key: key, version: version, base: base, seed: seed &* 1_000 &+ UInt64(step), oddFields: oddFields,
            oddity: oddity)
    }

    // MARK: - Asking

    private mutating func ask(_ frame: OddFrame, step: Int) throws {
        requestCount += 1
        var (endings, notes) = try exchange(frame)
        var found = compare(endings, frame, step, notes)
        // What only reads may have been asked before the news had come around.
        if !found.isEmpty, RequestScope.onlyReads.contains(frame.key) {
            pause(milliseconds: 150)
            (endings, notes) = try exchange(frame)
            found = compare(endings, frame, step, notes)
        }
        differences += found
        // What changed one broker only makes all that follows differ.
        if !RequestScope.onlyReads.contains(frame.key),
            found.contains(where: { !$0.path.hasSuffix("Message") })
        {
            isOver = true
        }
        // Of several records for one partition Kafka stores the last ones only, whatever is answered.
        if frame.key == .produce, notes.contains(where: { $0.contains("Data: repeated") }) { isOver = true }
        if endings.contains(.waiting) {
            for peer in peers { peer.drop() }
            isOver = true
        }
        let replies = endings.compactMap { if case .reply(let reply) = $0 { reply } else { nil } }
        guard replies.count == peers.count else { return }
        world.learn(frame.key, frame.base, replies, peers)
        if RequestScope.changesTopics.contains(frame.key) { try settle(replies) }
    }

    private func exchange(_ frame: OddFrame) throws -> ([ComparedPeer.Ending], notes: [String]) {
        let isProbed = frame.key == .produce
        var notes: [String] = []
        for peer in peers {
            let bytes: [UInt8]
            (bytes, notes) = try frame.bytes(
                peer.nextCorrelationID(), peer.names.resolved(frame.base), values(for: peer, frame.key))
            try peer.send(bytes, followedByProbe: isProbed)
        }
        let mayWait = [.joinGroup, .syncGroup, .fetch].contains(frame.key)
        let patience = mayWait ? Self.waitMilliseconds : 3 * Self.slackMilliseconds
        let first = peers[0].isReady(milliseconds: patience)
        let second = peers[1].isReady(milliseconds: first ? Self.slackMilliseconds : 20)
        let ready = [first || second && peers[0].isReady(milliseconds: Self.slackMilliseconds), second]
        let endings = zip(peers, ready).map { peer, isReady in
            isReady ? peer.receive(frame.key, frame.version, isProbed: isProbed) : .waiting
        }
        for (peer, ending) in zip(peers, endings) {
            if case .reply(let reply) = ending { peer.names.learn(reply) }
        }
        return (endings, notes)
    }

    private func values(for peer: ComparedPeer, _ key: APIKey) -> OddValues {
        let names = ["$classic", "$stationary"].map { peer.names.ids[$0]?.text ?? "" }
        let own = [world.written, world.compacted, world.empty, world.gone, world.member, world.instance]
        let ids = [world.written, world.compacted, world.empty, world.gone].map {
            UUID(peer.names.ids["$id " + $0]?.text ?? "") ?? .zero
        }
        // Who deletes or enlarges the broker's own topics takes the groups of all sequences away.
        return OddValues(
            prefix: world.prefix, known: own + world.groups + names, ids: ids,
            sparesInternals: key == .deleteTopics || key == .createPartitions)
    }

    /// Waits until topics that came or went have done so on both brokers.
    private func settle(_ replies: [JSONValue]) throws {
        let lists = replies.flatMap { reply in
            (reply["topics"] ?? reply["responses"] ?? reply["results"])?.elements ?? []
        }
        let names = Set(lists.compactMap { $0["name"]?.text }).filter { $0.hasPrefix(world.prefix) }
        if !names.isEmpty { try settle(on: names.sorted()) }
    }

    /// Waits until both brokers say the same of these topics.
    private func settle(on names: [String]) throws {
        let request: JSONValue = [
            "topics": .array(names.map { ["name": .string($0)] }), "allowAutoTopicCreation": false,
        ]
        for _ in 0..<50 {
            let seen = try peers.map { peer -> JSONValue? in
                guard let reply = try peer.ask(.metadata, 12, request) else { return nil }
                peer.names.learn(reply)
                return peer.names.comparable(reply)
            }
            if seen[0] == seen[1] { return }
            pause(milliseconds: 20)
        }
    }

    // MARK: - Comparing

    private mutating func compare(
        _ endings: [ComparedPeer.Ending], _ frame: OddFrame, _ step: Int, _ notes: [String]
    ) -> [ReplyDifference] {
        let isForeign: ((String) -> Bool)? =
            isOfEverything(frame, notes) ? { [world] in world.isForeign($0) } : nil
        let isPlain = frame.oddFields == 0 && frame.oddity == nil
        let shown = zip(peers, endings).map { peer, ending -> JSONValue in
            switch ending {
            case .reply(let reply):
                var names = peer.names
                names.keepsSentences = isPlain && scope == .administration
                return names.comparable(reply, without: isForeign)
            case .none: return "no reply"
            case .closed: return "closed"
            case .waiting: return "waits"
            case .unreadable(let text): return .string("unreadable: \(text)")
            }
        }
        if TestEnvironment.variable("APUS_TEST_TRACE") != nil {
            print("\(step) \(frame.key.name) v\(frame.version) \(frame.base) with \(notes)")
            for reply in shown { print("    \("\(reply)".prefix(3000))") }
        }
        var found: [ReplyDifference] = []
        JSONDifference.walk(shown[0], shown[1]) { path, apus, kafka in
            if let row = AllowedReply.row(frame.key, notes, path: path, apus: apus, kafka: kafka) {
                allowed[row, default: 0] += 1
                if AllowedReply.table[row].parts { isOver = true }
                return
            }
            found.append(
                ReplyDifference(
                    seed: seed, step: step, key: frame.key, version: frame.version, path: path, apus: apus,
                    kafka: kafka, request: "\(frame.base) with \(notes)", replies: shown))
        }
        return found
    }
}

extension RequestSequence {
    /// Whether the reply lists whatever there is.
    private func isOfEverything(_ frame: OddFrame, _ notes: [String]) -> Bool {
        if [.electLeaders, .listPartitionReassignments, .describeLogDirs].contains(frame.key) {
            return notes.contains { $0.hasPrefix("topics: ") || $0.hasPrefix("topicPartitions: ") }
        }
        guard frame.key == .metadata else { return frame.key == .listGroups }
        // A list with a negative count is none.
        return frame.base["topics"] == .null || notes.contains("topics: null")
            || notes.contains { $0.hasPrefix("topics: -") }
            || frame.version == 0 && notes.contains("topics: empty")
    }
}

/// Compares two values field by field.
enum JSONDifference {
    /// Calls `differ` with the path of each field that is not equal in both, and the two values.
    static func walk(
        _ left: JSONValue?, _ right: JSONValue?, path: String = "",
        _ differ: (String, JSONValue?, JSONValue?) -> Void
    ) {
        guard left != right else { return }
        switch (left, right) {
        case (.object(let one), .object(let other)):
            for member in one {
                let inner = path.isEmpty ? member.key : path + "." + member.key
                walk(member.value, right?[member.key], path: inner, differ)
            }
            for member in other where left?[member.key] == nil {
                differ(path.isEmpty ? member.key : path + "." + member.key, nil, member.value)
            }
        case (.array(let one), .array(let other)):
            // Equal ones stand anywhere; the rest go by their place.
            var rest = other
            let mine = one.filter { element in
                guard let place = rest.firstIndex(of: element) else { return true }
                rest.remove(at: place)
                return false
            }
            for element in mine {
                let place = rest.firstIndex { identity($0) == identity(element) }
                walk(element, place.map { rest.remove(at: $0) }, path: path, differ)
            }
            for element in rest { walk(nil, element, path: path, differ) }
        default: differ(path, left, right)
        }
    }

    /// What tells an element of a list from the others.
    private static func identity(_ element: JSONValue) -> [JSONValue?] {
        guard case .object = element else { return [] }
        let fields = [
            "name", "topic", "topicId", "partitionIndex", "partition", "index", "groupId", "key",
            "resourceType", "resourceName", "user",
        ]
        return fields.map { element[$0] }
    }
}
