// Java's own consumers as members of groups: with each way to assign, under both protocols, all at once.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Java consumers in groups", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct JavaGroups {
        private static let partitions = 4
        private static let records = 400

        /// The groups by their ways to assign, and how Kafka's consumer is told to use them.
        private static let groups: [(name: Name, words: [String])] =
            ["Range", "RoundRobin", "Sticky", "CooperativeSticky"].map { name in
                (name, ["--assignment-strategy", "org.apache.kafka.clients.consumer.\(name)Assignor"])
            }
            + ["range", "uniform"].map { name in
                ("new-\(name)", ["--group-protocol", "consumer", "--group-remote-assignor", name])
            }

        @Test("two Java consumers share a topic evenly and read every record once, with each assignor")
        func assignors() async throws {
            let settings = ["heartbeat.interval.ms", "min.heartbeat.interval.ms"].map {
                ("group.consumer.\($0)", "500")
            }
            try await withBroker(settings) { broker in
                try createTopic(broker.port)
                let scratch = Scratch()
                let members = try Self.groups.flatMap { group in
                    try ["a", "b"].map {
                        try JavaMember(group.name.text, $0, group.words, broker.bootstrap, scratch)
                    }
                }
                defer { for member in members { member.command.signal(SIGKILL) } }
                let half = Self.partitions / 2
                try await wait(for: members, "to share the partitions") { $0.held.count == half }
                try await runJava([
                    "org.apache.kafka.tools.VerifiableProducer", "--bootstrap-server", broker.bootstrap,
                    "--topic", "shared", "--max-messages", "\(Self.records)", "--throughput", "400",
                ])
                let byGroup = Dictionary(grouping: members, by: \.group)
                try await wait(for: members, "to read everything") { member in
                    (byGroup[member.group] ?? []).reduce(0) { $0 + $1.spans.count } >= Self.records
                }
                for (group, members) in byGroup {
                    let read = members.flatMap(\.spans)
                    #expect(Set(read).count == Self.records && read.count == Self.records, "\(group)")
                    #expect(members.allSatisfy { $0.hasCommitted && $0.held.count == half }, "\(group)")
                }
                for member in members { member.command.signal(SIGTERM) }
                for member in members { _ = try await member.command.wait(seconds: 20) }
                #expect(try committed(broker.port) == Self.groups.map { _ in Int64(Self.records) })
            }
        }

        private func createTopic(_ port: Int) throws {
            var topic = CreateTopicsRequest.CreatableTopic()
            topic.name = "shared"
            topic.numPartitions = Int32(Self.partitions)
            topic.replicationFactor = 1
            var request = CreateTopicsRequest()
            request.timeoutMs = 10_000
            request.topics = [topic]
            let connection = try WireConnection(port: port)
            try connection.sendRaw(
                Array(try request.frame(correlationID: 1, clientID: "test", version: 5).bytes))
            _ = try connection.receive()
        }

        /// How many records each group has committed.
        private func committed(_ port: Int) throws -> [Int64] {
            var request = OffsetFetchRequest()
            request.groups = Self.groups.map { group in
                var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
                asked.groupID = group.name
                asked.topics = nil
                return asked
            }
            let connection = try WireConnection(port: port)
            try connection.sendRaw(
                Array(try request.frame(correlationID: 1, clientID: "test", version: 8).bytes))
            let reply = try OffsetFetchResponse(
                reading: Array(try connection.receive()[5...]), version: 8)
            return Self.groups.map { group in
                let answer = reply.groups.first { $0.groupID == group.name }
                return (answer?.topics ?? []).flatMap(\.partitions).reduce(0) { $0 + $1.committedOffset }
            }
        }

        private func wait(
            for members: [JavaMember], _ what: String, until isDone: (JavaMember) -> Bool
        ) async throws {
            let end = ContinuousClock.now + .seconds(90)
            while let member = members.first(where: { !isDone($0) }) {
                guard ContinuousClock.now < end, member.command.isRunning else {
                    Issue.record("waited for \(member.group) \(what): \(member.command.output.suffix(3000))")
                    throw CommandError.timedOut(seconds: 90, output: what)
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

/// A consumer of Kafka's verification tools, which tells all that it does as lines of JSON.
private struct JavaMember {
    let group: String
    let command: RunningCommand

    init(_ group: String, _ name: String, _ words: [String], _ bootstrap: String, _ scratch: Scratch) throws {
        self.group = group
        command = try RunningCommand(
            ["java", "-Xmx64M", "-XX:TieredStopAtLevel=1", "-cp", TestEnvironment.javaClassPath]
                + ["org.apache.kafka.tools.VerifiableConsumer", "--bootstrap-server", bootstrap]
                + ["--topic", "shared", "--group-id", group] + words,
            outputPath: "\(scratch.path)/\(group)-\(name)")
    }

    private var events: [[String: Any]] {
        command.output.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private func partitions(_ event: [String: Any]) -> [[String: Any]] {
        event["partitions"] as? [[String: Any]] ?? []
    }

    /// The partitions that it has now.
    var held: Set<Int> {
        events.reduce(into: []) { held, event in
            let named = partitions(event).compactMap { $0["partition"] as? Int }
            switch event["name"] as? String {
            case "partitions_assigned": held.formUnion(named)
            case "partitions_revoked", "partitions_lost": held.subtract(named)
            default: break
            }
        }
    }

    /// Each record that it has read, as partition and offset.
    var spans: [String] {
        events.filter { $0["name"] as? String == "records_consumed" }.flatMap(partitions).flatMap { part in
            guard let partition = part["partition"] as? Int, let first = part["minOffset"] as? Int,
                let last = part["maxOffset"] as? Int, first <= last
            else { return [String]() }
            return (first...last).map { "\(partition) \($0)" }
        }
    }

    /// Whether every commit succeeded, and there was one if anything was read.
    var hasCommitted: Bool {
        let commits = events.filter { $0["name"] as? String == "offsets_committed" }
        return commits.allSatisfy { $0["success"] as? Bool == true } && (spans.isEmpty || !commits.isEmpty)
    }
}
