// Kafka's own command-line tools, with assigned partitions and explicit offsets (groups need their
// coordinator).
import Foundation
import Testing

extension Compatibility {
    @Suite("Java tools", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct JavaTools {
        private static let tools = "org.apache.kafka.tools."

        @Test(
            "what the console producer wrote, the console consumer reads", arguments: ["none", "lz4", "zstd"])
        func console(_ codec: String) async throws {
            try await withBroker { broker in
                let scratch = Scratch()
                let input = scratch.path + "/input"
                let lines = (0..<1000).map { "h:\($0)\tkey-\($0 % 10)\tvalue \($0)" }
                try (lines.joined(separator: "\n") + "\n").write(
                    toFile: input, atomically: true, encoding: .utf8)
                try await runJava(
                    [
                        JavaTools.tools + "ConsoleProducer", "--bootstrap-server", broker.bootstrap,
                        "--topic",
                        "console", "--compression-codec", codec, "--reader-property", "parse.key=true",
                        "--reader-property", "parse.headers=true",
                    ], inputPath: input)
                let output = try await runJava([
                    JavaTools.tools + "consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap,
                    "--topic",
                    "console", "--partition", "0", "--offset", "0", "--max-messages", "1000", "--timeout-ms",
                    "20000",
                    "--formatter-property", "print.key=true", "--formatter-property", "print.headers=true",
                ])
                let read = output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("h:") }
                #expect(read == lines)
                let tail = try await runJava([
                    JavaTools.tools + "consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap,
                    "--topic",
                    "console", "--partition", "0", "--offset", "990", "--max-messages", "10", "--timeout-ms",
                    "20000",
                ])
                #expect(tail.contains("value 990") && !tail.contains("value 989"))
            }
        }

        @Test("the console consumer is a member of a group of the new protocol")
        func newGroup() async throws {
            try await withBroker { broker in
                let scratch = Scratch()
                let input = scratch.path + "/input"
                try (0..<50).map { "value \($0)" }.joined(separator: "\n").appending("\n").write(
                    toFile: input, atomically: true, encoding: .utf8)
                let address = ["--bootstrap-server", broker.bootstrap]
                try await runJava(
                    [JavaTools.tools + "ConsoleProducer"] + address + ["--topic", "console"], inputPath: input
                )
                // Once by name, once by regular expression; each group reads everything.
                for (group, what) in [
                    ("named", ["--topic", "console"]), ("matched", ["--include", "cons.*"]),
                ] {
                    let output = try await runJava(
                        [JavaTools.tools + "consumer.ConsoleConsumer"] + address + what
                            + ["--from-beginning", "--group", group, "--max-messages", "50"]
                            + ["--timeout-ms", "20000", "--command-property", "group.protocol=consumer"])
                    #expect(output.split(separator: "\n").filter { $0.hasPrefix("value ") }.count == 50)
                    let described = try await runJava(
                        [JavaTools.tools + "consumer.group.ConsumerGroupCommand"] + address
                            + ["--describe", "--state", "--group", group])
                    #expect(described.contains("Empty"), "\(described)")
                }
                let listed = try await runJava(
                    [JavaTools.tools + "consumer.group.ConsumerGroupCommand"] + address
                        + ["--list", "--type", "consumer"])
                #expect(listed.contains("named") && listed.contains("matched"), "\(listed)")
            }
        }

        @Test("the performance tool writes 200,000 records", arguments: ["1", "all"])
        func performance(_ acks: String) async throws {
            try await withBroker { broker in
                let output = try await runJava([
                    JavaTools.tools + "ProducerPerformance", "--topic", "perf", "--num-records", "200000",
                    "--record-size", "100", "--throughput", "-1", "--bootstrap-server", broker.bootstrap,
                    "--command-property", "acks=\(acks)",
                ])
                #expect(output.contains("200000 records sent"))
                let offsets = try await runJava([
                    JavaTools.tools + "GetOffsetShell", "--bootstrap-server", broker.bootstrap, "--topic",
                    "perf",
                ])
                #expect(offsets.contains("perf:0:200000"))
            }
        }

        @Test("the verifiable producer has every record acknowledged")
        func verifiable() async throws {
            try await withBroker { broker in
                let output = try await runJava([
                    JavaTools.tools + "VerifiableProducer", "--bootstrap-server", broker.bootstrap, "--topic",
                    "verified",
                    "--max-messages", "5000", "--acks", "-1",
                ])
                #expect(output.contains("\"sent\":5000") && output.contains("\"acked\":5000"))
            }
        }

        @Test("topics are made, listed and deleted by the topics tool, which also reads the cluster's id")
        func topics() async throws {
            try await withBroker { broker in
                let words = [JavaTools.tools + "TopicCommand", "--bootstrap-server", broker.bootstrap]
                try await runJava(words + ["--create", "--topic", "made", "--partitions", "3"])
                #expect(try await runJava(words + ["--list"]).contains("made"))
                try await runJava(words + ["--delete", "--topic", "made"])
                #expect(try await !runJava(words + ["--list"]).contains("made"))
                let cluster = try await runJava([
                    JavaTools.tools + "ClusterTool", "cluster-id", "--bootstrap-server", broker.bootstrap,
                ])
                #expect(cluster.contains("Cluster ID: "))
            }
        }
    }
}
