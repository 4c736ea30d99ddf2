// Users with different rights ask what they asked Apache Kafka with its StandardAuthorizer, and get its
// answers: fixtures/authorization.
import Base
import Protocol
import Security
import TestSupport
import Testing

@testable import Broker

/// The rules that the recording begins with.
private struct RecordedRights {
    /// A request for each user, that adds what gives him his rights.
    let creations: [JSONValue]

    init(_ lines: [JSONValue]) throws {
        creations = try lines.compactMap { line in
            guard let user = line["user"]?.integer else { return nil }
            let rules = try (line["rights"]?.elements ?? []).map { right -> JSONValue in
                let parts = right.elements
                try #require(parts.count == 3)
                return [
                    "resourceType": parts[0], "resourceName": parts[1], "resourcePatternType": 3,
                    "principal": .string("\(Self.principal(user).text)"), "host": "*", "operation": parts[2],
                    "permissionType": 3,
                ]
            }
            return ["creations": .array(rules)]
        }
    }

    static func principal(_ user: Int64) -> Principal { Principal(type: "User", name: Name("u\(user)")) }
}

/// One kind of answer that rightly differs from the recorded one.
private struct AllowedDifference: Sendable {
    let key: APIKey
    /// The end of the field's path, without indices.
    let path: String
    let reason: String
    let condition: @Sendable (_ kafka: JSONValue, _ apus: JSONValue) -> Bool

    init(
        _ key: APIKey, _ path: String, _ reason: String,
        when condition: @escaping @Sendable (JSONValue, JSONValue) -> Bool = { _, _ in true }
    ) {
        self.key = key
        self.path = path
        self.reason = reason
        self.condition = condition
    }

    private static let waited = "Kafka was asked once before, until it had a coordinator"
    private static let madeAtOnce = "topics are served as soon as they are made (GAPS.md)"

    private static let isNext: @Sendable (JSONValue, JSONValue) -> Bool = { kafka, apus in
        kafka.integer == apus.integer.map { $0 + 1 }
    }

    static let table: [AllowedDifference] = [
        AllowedDifference(.initProducerID, "producerEpoch", waited, when: isNext),
        AllowedDifference(.describeTransactions, "producerEpoch", waited, when: isNext),
        AllowedDifference(.metadata, "topics.errorCode", madeAtOnce) { $0 == 3 && $1 == 0 },
        AllowedDifference(.metadata, "topics.partitions", madeAtOnce) { $0 == [] && $1 != [] },
        AllowedDifference(.metadata, "topics.topicId", madeAtOnce) { kafka, _ in
            kafka == .string(UUID.zero.description)
        },
        AllowedDifference(.describeConfigs, "configs.value", "Kafka was recorded with long sessions") {
            $0 == "3600000" && $1 == "45000"
        },
        AllowedDifference(.describeConfigs, "configSource", "as above") { $0 == 4 && $1 == 5 },
        AllowedDifference(
            .createTopics, "configSource", "where a default comes from is the broker's affair",
            when: { ($0 == 3 || $0 == 4) && $1 == 5 }),
        AllowedDifference(.createTopics, "configs.value", "Kafka was recorded without retention") {
            $0 == "-1" && $1 == "604800000"
        },
        AllowedDifference(.describeConfigs, "configs.value", "Kafka was recorded with long sessions") {
            $0 == "3600000" && $1 == "45000"
        },
        AllowedDifference(.describeConfigs, "configs.configSource", "as above") { $0 == 4 && $1 == 5 },
        AllowedDifference(.describeLogDirs, "results.logDir", "each broker has its own"),
        AllowedDifference(.describeLogDirs, "results.totalBytes", "each broker has its own disk"),
        AllowedDifference(.describeLogDirs, "results.usableBytes", "as above"),
        AllowedDifference(.consumerGroupDescribe, "clientId", "another client") {
            $0 == "compared" && $1 == "rig"
        },
    ]

    static func has(_ key: APIKey, _ path: String, _ kafka: JSONValue, _ apus: JSONValue) -> Bool {
        table.contains { row in
            row.key == key && path.hasSuffix(row.path) && row.condition(kafka, apus)
        }
    }
}

/// A broker that is asked what was recorded.
private final class AuthorizationReplay {
    private let rig: BrokerRig
    private var clients: [Int64: RigClient] = [:]
    private let master: RigClient
    // What the rig's clients are told.
    private var names = ReplyNames(port: 1)
    private(set) var compared = 0
    private(set) var problems: [String] = []

    init(_ rights: RecordedRights) throws {
        rig = try BrokerRig { settings in
            settings.authorizerClass = StandardAuthorizer.className
            settings.accessPolicy.superUsers = [Principal.anonymous.text]
        }
        master = try rig.connect()
        for creation in rights.creations {
            let reply = try master.ask(CreateAclsRequest.self, creation, 3, rig)
            let codes = reply["results"]?.elements.map { $0["errorCode"] } ?? []
            try #require(codes.count == creation["creations"]?.elements.count)
            try #require(codes.allSatisfy { $0 == 0 })
        }
        names.ids["$id plums"] = .string(UUID(high: 1, low: 1).description)
    }

    func play(_ line: JSONValue) throws {
        guard let number = line["key"]?.integer, let key = APIKey(rawValue: Int16(number)) else { return }
        let version = Int16(try #require(line["version"]?.integer))
        let user = line["by"]?.integer
        let client = try user.map(client) ?? master
        let request = names.resolved(try #require(line["request"]))
        let type = try #require(key.requestType)
        let reply = try client.ask(type, request, version, rig)
        var names = names
        names.learn(reply)
        if user == nil { self.names = names }
        let shown = names.comparable(reply)
        compared += 1
        let who = user.map { "u\($0)" } ?? "master"
        compare(try #require(line["reply"]), shown, at: "") { path, kafka, apus in
            guard !AllowedDifference.has(key, path, kafka, apus) else { return }
            problems.append("\(who) \(key) v\(version) \(path): \(kafka) by Kafka, \(apus) by Apus")
        }
    }

    private func client(_ user: Int64) throws -> RigClient {
        if let client = clients[user] { return client }
        let client = try rig.connect(as: RecordedRights.principal(user))
        clients[user] = client
        return client
    }

    private static func byName(_ elements: [JSONValue]) -> [JSONValue] {
        elements.sorted { ($0["name"]?.text ?? "\($0)") < ($1["name"]?.text ?? "\($1)") }
    }

    private func compare(
        _ kafka: JSONValue, _ apus: JSONValue, at path: String,
        _ differs: (String, JSONValue, JSONValue) -> Void
    ) {
        switch (kafka, apus) {
        case (.object(let members), .object(let others)) where members.map(\.key) == others.map(\.key):
            for (member, other) in zip(members, others) {
                compare(member.value, other.value, at: "\(path).\(member.key)", differs)
            }
        case (.array(let elements), .array(let others)) where elements.count == others.count:
            for (element, other) in zip(Self.byName(elements), Self.byName(others)) {
                compare(element, other, at: path, differs)
            }
        default: if kafka != apus { differs(path, kafka, apus) }
        }
    }
}

@Suite("users with different rights")
struct AuthorizationReplayTests {
    @Test("are answered as by Kafka's authorizer, in every served version", .endsHangs)
    func replies() throws {
        let lines = try Fixture.objects("authorization/replies.jsonl.gz")
        let replay = try AuthorizationReplay(RecordedRights(lines))
        for line in lines { try replay.play(line) }
        #expect(replay.compared > 4_000)
        let shown = replay.problems.prefix(40).joined(separator: "\n")
        #expect(replay.problems.count == 0, "\(shown)")
    }
}
