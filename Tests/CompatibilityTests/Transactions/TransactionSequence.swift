// A seeded sequence of requests of transactional producers to two brokers, one after the other: what the one
// answers, the other must. Producer ids are each broker's own; both are called by when they were given out.
import Base
import Protocol
import Records
import Simulation
import TestSupport

/// One broker of the two, and what it calls producers.
final class TransactionPeer {
    private let peer: ComparedPeer
    private var ids: [String: Int64] = [:]
    private var names: [Int64: String] = [:]

    init(port: Int) { peer = ComparedPeer(port: port) }

    /// The id of the producer called `name`; some number where nobody is.
    func id(_ name: String) -> Int64 { ids[name] ?? 4_000_000 }

    /// Asks until the broker is not busy with the transaction before.
    func ask(_ key: APIKey, _ version: Int16, _ request: (TransactionPeer) throws -> JSONValue) throws
        -> JSONValue?
    {
        var reply: JSONValue?
        for _ in 0..<Self.attemptsMax {
            reply = try peer.ask(key, version, request(self))
            guard let reply, reply.has(code: .concurrentTransactions) || reply.isLoading else { break }
            pause(milliseconds: 10)
        }
        return reply.map(named)
    }

    /// Has the topic of transactions made, which Kafka does when it is first asked for its coordinator, and
    /// waits until those that were made just now are served.
    func prepare(topic: String) throws {
        _ = try ask(.findCoordinator, 4) { _ in ["keyType": 1, "coordinatorKeys": ["producer"]] }
        let partitions: JSONValue = .array([0, 1].map { ["partitionIndex": $0, "timestamp": -1] })
        for _ in 0..<Self.attemptsMax {
            let reply = try peer.ask(
                .listOffsets, 2, ["topics": [["name": .string(topic), "partitions": partitions]]])
            if reply?.has(code: .notLeaderOrFollower) == false,
                reply?.has(code: .unknownTopicOrPartition) == false
            {
                return
            }
            pause(milliseconds: 10)
        }
    }

    /// Waits until the markers of a transaction are written, if it is at its end.
    func awaitEnd(of transactionalID: String) throws {
        for _ in 0..<Self.attemptsMax {
            let reply = try peer.ask(
                .describeTransactions, 0, ["transactionalIds": [.string(transactionalID)]])
            let state = reply?["transactionStates"]?.elements.first?["transactionState"]?.text
            guard state?.hasPrefix("Prepare") == true else { return }
            pause(milliseconds: 10)
        }
    }

    private static let attemptsMax = 1_000

    /// The reply with names for ids, lists in one order, and without what each broker is free to say.
    private func named(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(named).sorted { "\($0)" < "\($1)" })
        case .object(let members):
            // Beside an error there is a number that is nobody's.
            .object(members.filter(isTold(value["errorCode"])).map { named($0, in: value) })
        default: value
        }
    }

    private func isTold(_ errorCode: JSONValue?) -> (JSONMember) -> Bool {
        { member in
            !Self.free.contains(member.key) && (member.key != "producerId" || [nil, 0].contains(errorCode))
        }
    }

    private func named(_ member: JSONMember, in reply: JSONValue) -> JSONMember {
        switch (member.key, member.value) {
        case ("abortedTransactions", .array(let aborted)):
            // Kafka tells also of those behind the last stable offset, whose records nobody gets yet.
            let stable = reply["lastStableOffset"]?.integer ?? .max
            let seen = aborted.filter { $0["firstOffset"]?.integer ?? 0 < stable }
            return JSONMember(member.key, named(.array(seen)))
        case ("producerId", .integer(let id)): return JSONMember(member.key, .string(name(of: id)))
        case ("records", .string(let text)): return JSONMember(member.key, batches(text))
        default: return JSONMember(member.key, named(member.value))
        }
    }

    private static let free: Set = [
        "throttleTimeMs", "errorMessage", "transactionStartTimeMs", "lastTimestamp", "logAppendTimeMs",
        "sessionId",
    ]

    private func name(of id: Int64) -> String {
        if id < 0 { return "\(id)" }
        if let known = names[id] { return known }
        let name = "P\(names.count)"
        (names[id], ids[name]) = (name, id)
        return name
    }

    /// What the headers of batches say.
    private func batches(_ text: String) -> JSONValue {
        .array(
            StoredBatches.split(Base64.decode(text) ?? []).compactMap { bytes in
                guard let header = try? BatchHeader(reading: bytes.span.bytes) else { return "unreadable" }
                let kind = header.attributes.isControl ? "marker" : "records"
                let isTransactional = header.attributes.isTransactional ? "transactional " : ""
                return .string(
                    "\(header.baseOffset.value)…\(header.lastOffset.value) \(isTransactional)\(kind) of"
                        + " \(name(of: header.producerID.value)) in epoch \(header.producerEpoch)"
                        + " from \(header.baseSequence)")
            })
    }
}

extension JSONValue {
    /// Whether `code` is one of the error codes in a reply.
    fileprivate func has(code: ErrorCode) -> Bool {
        switch self {
        case .array(let elements): elements.contains { $0.has(code: code) }
        case .object(let members):
            members.contains { member in
                ["errorCode", "partitionErrorCode"].contains(member.key)
                    ? member.value == .integer(Int64(code.rawValue)) : member.value.has(code: code)
            }
        default: false
        }
    }

    /// Whether a coordinator is not there yet.
    fileprivate var isLoading: Bool {
        has(code: .coordinatorLoadInProgress) || has(code: .coordinatorNotAvailable)
            || has(code: .notCoordinator)
    }
}

/// Requests of a few producers with transactions over a topic of their own.
struct TransactionSequence {
    /// Who a producer believes to be.
    struct Producer {
        let transactionalID: String
        /// The name of its producer id; empty before it has one.
        var name = ""
        var epoch: Int64 = -1
        var sequences: [Int: Int64] = [:]
        /// Whether it has sent Produce of before version 2 of transactions: Kafka asks no first batch of it
        /// in later epochs for the first sequence number.
        var wasOld = false
        /// Whether the last transaction that ended did so by the rules of version 1.
        var hasEndedOld = false
    }

    private static let steps = 40
    let topic: String
    let group: String
    let peers: [TransactionPeer]
    var random: SeededRandom
    var producers: [Producer]
    private(set) var requestCount = 0
    private var transcript: [String] = []
    /// What differed first, with all that came before; nil while nothing does.
    private(set) var difference: String?

    /// The sequence of `seed` for the brokers on `ports`, Apus first.
    init(seed: UInt64, ports: [Int], attempt: Int = 0) {
        topic = "transactions-\(seed)-\(attempt)"
        group = "group-\(seed)-\(attempt)"
        peers = ports.map { TransactionPeer(port: $0) }
        random = SeededRandom(seed: seed)
        producers = (0..<2).map { Producer(transactionalID: "producer-\(seed)-\(attempt)-\($0)") }
    }

    /// Asks everything, or until something differs.
    mutating func run() throws {
        let create: JSONValue = [
            "timeoutMs": 10_000,
            "topics": [["name": .string(topic), "numPartitions": 2, "replicationFactor": 1]],
        ]
        try ask(.createTopics, 4) { _ in create }
        for peer in peers { try peer.prepare(topic: topic) }
        for _ in 0..<Self.steps where difference == nil {
            try step(Int.random(in: producers.indices, using: &random))
        }
    }

    /// Asks both the same, and gives their one answer; nil where there are two.
    @discardableResult
    mutating func ask(
        _ key: APIKey, _ version: Int16, _ request: (TransactionPeer) throws -> JSONValue
    ) throws -> JSONValue? {
        requestCount += 1
        let replies = try peers.map { try $0.ask(key, version, request) ?? "no reply" }
        transcript.append("\(key.name) v\(version) \(try request(peers[0]))\n  \(replies[0])")
        guard replies.allSatisfy({ $0 == replies[0] }) else {
            difference = "\(transcript.suffix(30).joined(separator: "\n"))\n  Kafka: \(replies[1])"
            return nil
        }
        return replies[0]
    }
}
