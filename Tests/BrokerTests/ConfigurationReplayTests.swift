// Configurations are described, listed and changed as Apache Kafka did it: fixtures/configurations.
import Base
import Protocol
import TestSupport
import Testing

@testable import Broker

/// One kind of answer that rightly differs from the recorded one.
private struct ConfigurationDifference: Sendable {
    let reason: String
    let matches: @Sendable (_ path: String, _ kafka: JSONValue, _ apus: JSONValue) -> Bool

    static let table: [ConfigurationDifference] = [
        ConfigurationDifference(reason: "an operation that means nothing is refused, where Kafka fails") {
            ($0.hasSuffix("errorCode") && $1 == -1 && $2 == 42)
                || ($0.hasSuffix("errorMessage") && $1 == .null && $2 == "Unknown operations type 9")
        },
        ConfigurationDifference(reason: "Kafka writes min.insync.replicas down for all brokers") {
            path, kafka, _ in
            path.contains("[min.insync.replicas]") || kafka == ["min.insync.replicas 0"]
        },
        ConfigurationDifference(reason: "texts of errors have no prefix of a library") { _, kafka, apus in
            kafka.text.map { $0 == "requirement failed: \(apus.text ?? "")" } ?? false
        },
        ConfigurationDifference(reason: "a refusal that is the answer to all names the reason") {
            path, kafka, _ in
            path.hasSuffix("errorMessage")
                && kafka.text?.hasPrefix("This most likely occurs because of a request being malformed")
                    == true
        },
        ConfigurationDifference(reason: "0 threads are none, where Kafka divides by them") { _, kafka, _ in
            kafka == "/ by zero"
        },
    ]

    static func has(_ path: String, _ kafka: JSONValue, _ apus: JSONValue) -> Bool {
        table.contains { $0.matches(path, kafka, apus) }
    }
}

/// Keys of the broker that are told otherwise, each with its reason.
private enum BrokerKeyDifference {
    /// What the recorded broker was started with, and this one was not.
    static let started: Set<String> = [
        "process.roles", "node.id", "broker.id", "controller.quorum.voters", "listeners",
        "advertised.listeners", "controller.listener.names", "listener.security.protocol.map", "log.dirs",
        "offsets.topic.replication.factor", "offsets.topic.num.partitions",
        "transaction.state.log.replication.factor", "transaction.state.log.num.partitions",
        "transaction.state.log.min.isr", "share.coordinator.state.topic.replication.factor",
        "share.coordinator.state.topic.num.partitions", "share.coordinator.state.topic.min.isr",
        "group.initial.rebalance.delay.ms",
    ]
    /// Defaults of our own: GAPS.md and the rows say why.
    static let ownDefaults: Set<String> = [
        "log.dir", "group.consumer.assignors", "queued.max.request.bytes",
    ]
}

/// A broker that is asked what was recorded.
private final class ConfigurationReplay {
    private let rig: BrokerRig
    private let client: RigClient
    private(set) var compared = 0
    private(set) var problems: [String] = []

    init() throws {
        rig = try BrokerRig()
        client = try rig.connect()
    }

    func play(_ line: JSONValue) throws {
        let number = try #require(line["key"]?.integer)
        let key = try #require(APIKey(rawValue: Int16(number)))
        let version = Int16(try #require(line["version"]?.integer))
        let request = try #require(line["request"])
        let type = try #require(key.requestType)
        let reply = try client.ask(type, request, version, rig)
        compared += 1
        compare(try #require(line["reply"]), reply, at: "") { path, kafka, apus in
            guard !ConfigurationDifference.has(path, kafka, apus) else { return }
            problems.append("\(request) \(path): \(kafka) by Kafka, \(apus) by Apus")
        }
    }

    /// By their names, without keys of our own and those that Kafka was started with.
    private static func listed(_ elements: [JSONValue]) -> [JSONValue] {
        elements.filter { element in
            guard element["configType"] != nil || element["configSource"] != nil,
                let name = element["name"]?.text
            else { return true }
            return !name.hasPrefix("apus.") && !BrokerKeyDifference.started.contains(name)
                && !BrokerKeyDifference.ownDefaults.contains(name)
        }.sorted { identity($0) < identity($1) }
    }

    private static func identity(_ element: JSONValue) -> String {
        guard element["source"] == nil else { return "" }
        return (element["name"] ?? element["resourceName"])?.text.map {
            "\($0) \(element["resourceType"]?.integer ?? 0)"
        } ?? "\(element)"
    }

    private func compare(
        _ kafka: JSONValue, _ apus: JSONValue, at path: String,
        _ differs: (String, JSONValue, JSONValue) -> Void
    ) {
        switch (kafka, apus) {
        case (.object(let members), .object(let others)) where members.map(\.key) == others.map(\.key):
            let name = kafka["name"]?.text.map { "[\($0)]" } ?? ""
            for (member, other) in zip(members, others) {
                compare(member.value, other.value, at: "\(path)\(name).\(member.key)", differs)
            }
        case (.array(let elements), .array(let others)):
            let (elements, others) = (Self.listed(elements), Self.listed(others))
            guard elements.count == others.count else {
                let names = elements.map(Self.identity)
                let otherNames = others.map(Self.identity)
                return differs(
                    path, .array(names.filter { !otherNames.contains($0) }.map { .string($0) }),
                    .array(otherNames.filter { !names.contains($0) }.map { .string($0) }))
            }
            for (element, other) in zip(elements, others) { compare(element, other, at: path, differs) }
        default: if kafka != apus { differs(path, kafka, apus) }
        }
    }
}

@Suite("configurations")
struct ConfigurationReplayTests {
    @Test("are told and changed as Kafka does, with its codes and sentences", .endsHangs)
    func replies() throws {
        let replay = try ConfigurationReplay()
        for line in try Fixture.objects("configurations/changes.jsonl.gz") { try replay.play(line) }
        #expect(replay.compared > 400)
        let shown = replay.problems.prefix(60).joined(separator: "\n")
        #expect(replay.problems.count == 0, "\(shown)")
    }
}
