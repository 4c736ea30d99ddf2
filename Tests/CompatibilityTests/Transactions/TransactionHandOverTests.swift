// Transactions in every state in which a coordinator leaves them, taken over by another broker: both make the
// same of them.
import Foundation
import TestSupport
import Testing

extension Compatibility {
    @Suite(
        "transactions that are taken over",
        .enabled(if: TestEnvironment.hasJava && !TestEnvironment.isKafka, TestEnvironment.needsJava))
    struct TransactionHandOvers {
        private static let program = JavaSource("TransactionEnds")

        @Test(
            "what Kafka left committed, aborted, open, decided or hanging comes to the same end in Apus",
            arguments: ["kill", "clean"])
        func fromKafka(_ end: String) async throws {
            let scratch = Scratch()
            try await run(["tar", "xzf", Fixture.path("datadirs/ends-\(end).tar.gz"), "-C", scratch.path])
            let told = String(decoding: try Fixture.unpacked("datadirs/ends.expected.txt.gz"), as: UTF8.self)
            try await withBroker(at: scratch.path + "/data") { broker in
                let found = try await Self.found(broker.port, "crashed")
                #expect(found == told)
            }
        }

        @Test("what Apus left committed, aborted, open or hanging is the same to Kafka, and to its tools")
        func fromApus() async throws {
            let scratch = Scratch()
            let logs = [("offsets.topic.num.partitions", "1"), ("transaction.state.log.num.partitions", "1")]
            try await withBroker(logs, at: scratch.path + "/data") { broker in
                try await Self.java(broker.port, "make", "stopped")
                #expect(try await broker.stop() == 0)
            }
            let copy = scratch.path + "/copy"
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
            try await run(["cp", "-a", scratch.path + "/data", copy])
            let settings = logs.map { "\($0)=\($1)" }
            try await withBroker(logs, at: scratch.path + "/data") { apus in
                try await ComparedBrokers.withKafka(settings, on: copy) { kafka in
                    for result in try await ToolRun(ports: [apus.port, kafka]).results(of: Self.tools) {
                        let (ours, theirs) = (result.comparable[0], result.comparable[1])
                        #expect(result.isSame, "\(result.row.command)\nApus \(ours)\nKafka \(theirs)")
                    }
                    let port = apus.port
                    async let ours = Self.found(port, "stopped")
                    async let theirs = Self.found(kafka, "stopped")
                    let (found, expected) = try await (ours, theirs)
                    #expect(found == expected && found.contains("ends-open Ongoing"))
                }
            }
        }

        /// What hangs is found, and ended in one of its partitions.
        private static let tools: [ToolRow] =
            [
                .reads(
                    "kafka-transactions find-hanging --broker-id 1 --max-transaction-timeout 0",
                    awaiting: "ends-hanging"
                ).with { $0.isUnordered = true },
                .reads(
                    "kafka-transactions find-hanging --topic ends-hanging --max-transaction-timeout 0",
                    awaiting: "ends-hanging"
                ).with { $0.isUnordered = true },
                .reads("kafka-transactions find-hanging --topic ends-open --max-transaction-timeout 0"),
                .reads("kafka-transactions find-hanging --broker-id 1"),
                .reads("kafka-transactions describe-producers --topic ends-hanging --partition 1"),
                .acts("kafka-transactions abort --topic ends-hanging --partition 1 --start-offset 0"),
                .reads("kafka-transactions describe-producers --topic ends-hanging --partition 1"),
                .reads(
                    "kafka-transactions find-hanging --topic ends-hanging --max-transaction-timeout 0",
                    awaiting: "ends-hanging"),
                .reads("kafka-get-offsets --topic ends-hanging"),
            ]

        /// What is there once whatever somebody ends has ended, and again when everybody went on.
        private static func found(_ port: Int, _ left: String) async throws -> String {
            let first = try await java(port, "tell", left)
            try await java(port, "end", left)
            return try await first + java(port, "tell", left)
        }

        @discardableResult
        private static func java(_ port: Int, _ what: String, _ left: String) async throws -> String {
            try await runJava([program.compiled(), "\(port)", what, left])
        }
    }
}
