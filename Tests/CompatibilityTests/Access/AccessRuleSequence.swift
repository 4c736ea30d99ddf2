// Requests about access rules by a seed, the same to two brokers that keep rules.
import Base
import Protocol
import Simulation
import TestSupport

/// Adds, lists and deletes rules, which are gone at the end.
struct AccessRuleSequence {
    private static let requestsMax = 20
    private static let names: [JSONValue] = ["a", "ab", "abc", "b", "*", "kafka-cluster", "", "é", "a b"]
    private static let principals: [JSONValue] = [
        "User:a", "User:*", "User:", "Group:a", "a", "", "User:CN=a,O=b",
    ]
    private static let hosts: [JSONValue] = ["*", "127.0.0.1", "", "0:0:0:0:0:0:0:1", "h"]

    private let peers: [ComparedPeer]
    private var random: SeededRandom
    private(set) var requestCount = 0
    /// The first request that the two answered otherwise; nil if there is none.
    private(set) var difference: String?

    init(seed: UInt64, ports: [Int]) {
        random = SeededRandom(seed: seed)
        peers = ports.map { ComparedPeer(port: $0) }
    }

    mutating func run() throws {
        for _ in 0..<Int.random(in: 5...Self.requestsMax, using: &random) where difference == nil {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1: try ask(.createAcls, ["creations": .array(some { $0.creation() })])
            case 2: try ask(.describeAcls, filter())
            default: try ask(.deleteAcls, ["filters": .array(some { $0.filter() })])
            }
        }
        if difference == nil { try ask(.deleteAcls, ["filters": [Self.everything]], version: 3) }
    }

    private mutating func ask(_ key: APIKey, _ request: JSONValue, version: Int16? = nil) throws {
        let version = version ?? Int16.random(in: 1...3, using: &random)
        let replies = try peers.map { try $0.ask(key, version, request, milliseconds: 20_000) }
        requestCount += 1
        let shown = replies.map { $0.map { Self.ordered($0) } }
        guard shown[0] != shown[1] else { return }
        let texts = shown.map { $0.map { "\($0)" } ?? "no reply" }
        difference = "\(key) v\(version) \(request)\nApus  \(texts[0])\nKafka \(texts[1])"
    }

    /// Rules come in an order of hashes; results do not, and nothing in them tells their order but they.
    private static func ordered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.map { member in
                    let inner = ordered(member.value)
                    guard ["resources", "acls", "matchingAcls"].contains(member.key) else {
                        return JSONMember(member.key, inner)
                    }
                    return JSONMember(member.key, .array(inner.elements.sorted { "\($0)" < "\($1)" }))
                })
        case .array(let elements): .array(elements.map { ordered($0) })
        default: value
        }
    }

    private static let everything: JSONValue = [
        "resourceTypeFilter": 1, "resourceNameFilter": nil, "patternTypeFilter": 1, "principalFilter": nil,
        "hostFilter": nil, "operation": 1, "permissionType": 1,
    ]

    // MARK: - Parts

    private mutating func some(_ make: (inout Self) -> JSONValue) -> [JSONValue] {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in make(&self) }
    }

    private mutating func pick(_ values: [JSONValue]) -> JSONValue {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    /// One of `usual`, or now and then a number that means nothing, with which all is closed, or is looked
    /// at.
    private mutating func number(_ usual: ClosedRange<Int64>) -> JSONValue {
        if random.chance(1) { return 0 }
        return .integer(
            random.chance(3) ? pick([99, -1, 127, -128]).integer ?? 0 : .random(in: usual, using: &random))
    }

    private mutating func creation() -> JSONValue {
        [
            "resourceType": number(2...7), "resourceName": pick(Self.names),
            "resourcePatternType": number(3...4), "principal": pick(Self.principals),
            "host": pick(Self.hosts), "operation": number(2...15), "permissionType": number(2...3),
        ]
    }

    private mutating func filter() -> JSONValue {
        [
            "resourceTypeFilter": number(1...7), "resourceNameFilter": optional(Self.names),
            "patternTypeFilter": number(1...4), "principalFilter": optional(Self.principals),
            "hostFilter": optional(Self.hosts), "operation": random.chance(60) ? 1 : number(1...15),
            "permissionType": random.chance(60) ? 1 : number(1...3),
        ]
    }

    private mutating func optional(_ values: [JSONValue]) -> JSONValue {
        random.chance(60) ? .null : pick(values)
    }
}
