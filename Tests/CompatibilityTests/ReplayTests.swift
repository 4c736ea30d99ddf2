// Every captured session against a fresh broker: no unexplained difference from what Kafka answered.
import Base
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Replays of captured sessions")
    struct Replays {
        /// Sessions that use nothing but what this broker serves: every request is sent, every close
        /// compared.
        static let whole: Set<String> = [
            "confluent-basic", "confluent-group", "confluent-group848", "franz-basic", "franz-group",
            "java-basic", "kafka-python14-basic",
            "kafka-python14-group", "kafka-python3-basic", "kafka-python3-group", "kcat-acks-null",
            "kcat-group", "kcat-produce-consume", "sweep-errors",
        ]
        private static let folder = TestEnvironment.root + "/fixtures/captures"
        static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".jsonl") }.map { String($0.dropLast(6)) }.sorted()
            .filter { TestEnvironment.variable("APUS_TEST_REPLAY").map($0.contains) ?? true }

        static func capture(_ name: String) throws -> Capture {
            let data = FileManager.default.contents(atPath: "\(folder)/\(name).jsonl") ?? Data()
            return try Capture(name: name, text: Array(data))
        }

        /// So many sessions go on beside each other: most of their time they wait for members of groups to be
        /// missed.
        private static let width = TestEnvironment.isKafka ? 1 : 4

        @Test("every session is answered as Kafka answered it")
        func everySession() async throws {
            #expect(!Replays.names.isEmpty)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, name) in Replays.names.enumerated() {
                    if index >= Replays.width { try await group.next() }
                    group.addTask { try await replay(name) }
                }
                try await group.waitForAll()
            }
        }

        private func replay(_ name: String) async throws {
            let capture = try Replays.capture(name)
            guard !capture.usesSASL else { return print("\(name): skipped, needs SASL") }
            // The recordings have four partitions of groups, and no delay before the first round.
            let others = capture.configuration.filter { !$0.hasPrefix("num.partitions=") }
            guard others.isEmpty else {
                return print("\(name): skipped, needs \(others.joined(separator: ", "))")
            }
            // Kafka refuses more replicas than brokers, as recorded; we clamp their number unless told not
            // to.
            let own = TestEnvironment.isKafka ? [] : [("apus.replication.clamp", "false")]
            let settings =
                [
                    ("log.retention.ms", "-1"), ("offsets.topic.num.partitions", "4"),
                    ("transaction.state.log.num.partitions", "4"),
                ] + own
                + capture.configuration.map { setting in
                    let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
                    return (parts[0], parts[1])
                }
            try await withBroker(settings) { broker in
                if TestEnvironment.isKafka { try Replays.awaitProducerIDs(broker) }
                // Of all other sessions only requests that are served are sent.
                let apis = Replays.whole.contains(name) ? nil : try Replays.served(broker)
                let port = broker.port
                let (report, compared, skipped) = await onThread {
                    var run = ReplayRun(capture, port: port, apis: apis)
                    run.run()
                    return (run.report, run.comparedReplies, run.skippedRequests)
                }
                print("\(name): \(compared) replies compared, \(skipped) left out")
                #expect(report.isEmpty, "\(name): \(report)")
                #expect(compared > 0, "\(name)")
            }
        }

        @Test("a wrong field in a reply is found")
        func plantedDifference() async throws {
            let capture = try Replays.capture("kcat-produce-consume")
            let planted = capture.damaged(api: .listOffsets) { $0[$0.count - 1] ^= 1 }
            try await withBroker { broker in
                if TestEnvironment.isKafka { try Replays.awaitProducerIDs(broker) }
                var run = ReplayRun(planted, port: broker.port, apis: nil)
                run.run()
                #expect(run.problems.count == 1, "\(run.report)")
                #expect(run.problems.allSatisfy { $0.contains("ListOffsets") && $0.contains(".offset") })
            }
        }

        @Test("each row of the table allows its own field only")
        func allowedRows() {
            for row in AllowedDifference.table {
                #expect(row.reason.count > 10)
                let field = row.path.hasPrefix("*.") ? String(row.path.dropFirst(2)) : row.path
                let other = ReplayDifference(
                    path: "topics.partitions.errorCode", place: "", recorded: 0, live: 1)
                let own = ReplayDifference(path: field, place: "", recorded: 0, live: 1)
                for api in APIKey.allCases {
                    let session = row.session ?? "any"
                    #expect(!row.covers(other, of: api, in: session), "\(row.path)")
                    if let apis = row.apis, !apis.contains(api) {
                        #expect(!row.covers(own, of: api, in: session))
                    }
                    if row.session != nil { #expect(!row.covers(own, of: api, in: "another")) }
                }
            }
        }

        /// The APIs that the broker says it serves.
        static func served(_ broker: BrokerProcess) throws -> Set<APIKey> {
            let reply = try MessageClient(port: broker.port).ask(ApiVersionsRequest(), 0)
            return Set(reply.apiKeys.compactMap { APIKey(rawValue: $0.apiKey) })
        }

        /// Kafka hands out producer ids only some seconds after its start.
        static func awaitProducerIDs(_ broker: BrokerProcess) throws {
            let connection = try WireConnection(port: broker.port)
            var request = InitProducerIdRequest()
            request.transactionalID = nil
            request.transactionTimeoutMs = 1000
            for number in Int32(0)..<300 {
                let frame = try request.frame(correlationID: number, clientID: nil, version: 1)
                try connection.sendRaw(frame.bytes)
                let reply = try ReplayDecoding.reply(connection.receive(), key: .initProducerID, version: 1)
                if reply["errorCode"] == 0 { return }
                pause(milliseconds: 50)
            }
            Issue.record("the broker hands out no producer ids")
        }
    }
}

extension Capture {
    /// The same session with one recorded reply changed: the first of `api` that carries an answer.
    func damaged(api: APIKey, _ change: (inout [UInt8]) -> Void) -> Capture {
        var isDone = false
        return Capture(
            name: name, configuration: configuration, usesSASL: usesSASL,
            events: events.map { event in
                guard !isDone, case .reply(let frame) = event, frame.api == api else { return event }
                isDone = true
                var bytes = frame.bytes
                change(&bytes)
                return .reply(
                    CapturedFrame(
                        line: frame.line, connection: frame.connection, bytes: bytes, key: frame.key,
                        version: frame.version))
            },
            replyOfRequest: replyOfRequest)
    }
}

/// Does what blocks its thread on a thread of its own.
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

/// Waits in a step that has nothing else to do.
func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
