// Records what Apache Kafka with its StandardAuthorizer answers users with different rights: APUS_RECORD=
// authorization with KAFKA_ORACLE writes fixtures/authorization/replies.jsonl.gz anew.
import Base
import Foundation
import Protocol
import TestSupport
import Testing

extension Compatibility {
    @Suite(
        "Recording of authorization",
        .enabled(if: TestEnvironment.variable("APUS_RECORD") == "authorization" && TestEnvironment.hasJava))
    struct AuthorizationRecordings {
        @Test("what Kafka answers users with different rights is written down")
        func record() async throws {
            let scratch = Scratch()
            let ports = try (0..<2).map { _ in try FreePort.next() }
            let kafka = try RunningCommand(
                ["\(try #require(TestEnvironment.oracle))/kafka.sh", "exec", scratch.path, "\(ports[0])"]
                    + Self.settings(ports),
                outputPath: scratch.path + "/log")
            defer { kafka.signal(9) }
            for _ in 0..<600 {
                if let socket = try? WireConnection(port: ports[1]), (try? socket.askForVersions()) != nil {
                    break
                }
                pause(milliseconds: 100)
            }
            var recorder = try AuthorizationRecorder(ports: ports)
            try recorder.run()
            let path = Fixture.path("authorization/replies.jsonl")
            try Data((recorder.lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
            let packing = try RunningCommand(["gzip", "-9nf", path], outputPath: scratch.path + "/gzip")
            #expect(try await packing.wait(seconds: 60) == 0)
        }

        /// The first port is for whoever may do everything, the second one for users with passwords.
        private static func settings(_ ports: [Int]) -> [String] {
            let listeners = "PLAINTEXT://127.0.0.1:\(ports[0]),SASL_PLAINTEXT://127.0.0.1:\(ports[1])"
            let users = (0..<AuthorizationWorld.users).map { "user_u\($0)=\"secret\"" }
            let module = "org.apache.kafka.common.security.plain.PlainLoginModule"
            return [
                "listeners=\(listeners),CONTROLLER://127.0.0.1:\(ports[0] + 1)",
                "advertised.listeners=\(listeners)",
                "sasl.enabled.mechanisms=PLAIN",
                "listener.name.sasl_plaintext.plain.sasl.jaas.config=\(module) required "
                    + users.joined(separator: " ") + ";",
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users=User:ANONYMOUS", "log.retention.ms=-1",
                "group.consumer.session.timeout.ms=3600000", "group.consumer.max.session.timeout.ms=3600000",
            ]
        }
    }
}

/// Asks, and writes down what is answered.
struct AuthorizationRecorder {
    private let ports: [Int]
    private let master: ComparedPeer
    private let versions: [APIKey: ClosedRange<Int16>]
    private(set) var lines: [String] = []

    init(ports: [Int]) throws {
        self.ports = ports
        master = ComparedPeer(port: ports[0])
        // What users are told.
        master.names = ReplyNames(port: ports[1])
        master.names.ids["$id plums"] = .string(AuthorizationWorld.unknownID.description)
        let reply = try master.ask(.apiVersions, 0, [:])
        var versions: [APIKey: ClosedRange<Int16>] = [:]
        for row in reply?["apiKeys"]?.elements ?? [] {
            guard let number = row["apiKey"]?.integer, let key = APIKey(rawValue: Int16(number)),
                let served = key.served, let least = row["minVersion"]?.integer,
                let most = row["maxVersion"]?.integer
            else { continue }
            // Kafka names versions of Produce that it closes the connection on, for old clients' sake.
            let first = key == .produce ? 3 : Int16(least)
            let both = max(first, served.lowerBound)...min(Int16(most), served.upperBound)
            versions[key] = both
        }
        self.versions = versions
    }

    mutating func run() throws {
        try giveRights()
        try waitForCoordinators()
        for step in AuthorizationWorld.beginning {
            try ask(master, step, by: nil)
            try waitForTopics()
        }
        for user in 0..<AuthorizationWorld.users {
            let peer = try loggedIn(user)
            for (key, range) in versions.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                for version in range {
                    for request in AuthorizationWorld.requests(key, version: version) {
                        try ask(peer, AuthorizationStep(key, version, request), by: user)
                        for step in AuthorizationWorld.restoration(after: key) {
                            try ask(master, step, by: nil)
                        }
                        if key == .deleteTopics || key == .metadata { try waitForTopics() }
                    }
                }
            }
        }
    }

    private mutating func ask(_ peer: ComparedPeer, _ step: AuthorizationStep, by user: Int?) throws {
        peer.names = peer === master ? peer.names : master.names
        let reply = try peer.ask(step.key, step.version, step.request)
        let shown = try #require(reply, "\(step.key.name) v\(step.version) is not answered")
        var names = master.names
        names.learn(shown)
        if user == nil { master.names = names }
        let line: JSONValue = [
            "by": user.map { .integer(Int64($0)) } ?? .null, "key": .integer(Int64(step.key.rawValue)),
            "version": .integer(Int64(step.version)), "request": step.request,
            "reply": names.comparable(shown),
        ]
        lines.append("\(line)")
    }

    private mutating func giveRights() throws {
        for user in 0..<AuthorizationWorld.users {
            let rights = AuthorizationWorld.rights(of: user)
            let line: JSONValue = ["user": .integer(Int64(user)), "rights": .array(rights.map(\.json))]
            lines.append("\(line)")
            let rules: [JSONValue] = rights.map { right in
                [
                    "resourceType": .integer(right.resourceType), "resourceName": .string(right.name),
                    "resourcePatternType": 3, "principal": .string("User:u\(user)"), "host": "*",
                    "operation": .integer(right.operation), "permissionType": 3,
                ]
            }
            let reply = try master.ask(.createAcls, 3, ["creations": .array(rules)])
            let codes = reply?["results"]?.elements.map { $0["errorCode"] } ?? []
            #expect(codes.count == rules.count && codes.allSatisfy { $0 == 0 })
        }
    }

    /// Both kinds make their topics when they are first asked for.
    private func waitForCoordinators() throws {
        let asked = AuthorizationWorld.requests(.initProducerID, version: 4).last ?? .null
        for _ in 0..<300 {
            _ = try master.ask(.findCoordinator, 0, ["key": "ants"])
            _ = try master.ask(.findCoordinator, 1, ["key": "tx", "keyType": 1])
            let offsets = try master.ask(.offsetFetch, 2, ["groupId": "ants", "topics": nil])
            let producer = try master.ask(.initProducerID, 4, asked)
            if offsets?["errorCode"] == 0, producer?["errorCode"] == 0 { return }
            pause(milliseconds: 100)
        }
        Issue.record("the coordinators are not ready")
    }

    private static let internalTopics: Set<String> = ["__consumer_offsets", "__transaction_state"]

    /// Kafka answers before all of it knows; what was made too late to be deleted is deleted now.
    private mutating func waitForTopics() throws {
        let wanted = Set(AuthorizationWorld.topics)
        for _ in 0..<300 {
            let reply = try master.ask(.metadata, 12, ["topics": nil, "allowAutoTopicCreation": false])
            let topics = reply?["topics"]?.elements ?? []
            let ready = topics.filter { $0["partitions"]?.elements.first?["leaderId"] == 1 }
            let names = Set(ready.compactMap { $0["name"]?.text }).subtracting(Self.internalTopics)
            if let reply, names == wanted { return master.names.learn(reply) }
            let unexpected = names.subtracting(wanted).sorted().map { JSONValue.string($0) }
            if !unexpected.isEmpty {
                _ = try master.ask(
                    .deleteTopics, 5, ["topicNames": .array(unexpected), "timeoutMs": 30_000])
            }
            pause(milliseconds: 10)
        }
        Issue.record("topics do not come, or do not go")
    }

    private func loggedIn(_ user: Int) throws -> ComparedPeer {
        let peer = ComparedPeer(port: ports[1])
        _ = try peer.ask(.saslHandshake, 1, ["mechanism": "PLAIN"])
        let proof = Base64.encode([0] + Array("u\(user)".utf8) + [0] + Array("secret".utf8))
        let reply = try peer.ask(.saslAuthenticate, 1, ["authBytes": .string(proof)])
        #expect(reply?["errorCode"] == 0)
        return peer
    }
}
