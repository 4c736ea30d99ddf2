// Kafka's own tool for configurations says the same of both brokers.
import Foundation
import TestSupport
import Testing

extension Compatibility.BesideKafka {
    @Suite("The configuration tool") struct ConfigTool {
        /// What is asked, one after another, of a topic that is called TOPIC, and of what is called like it.
        private static let commands: [String] = [
            "--entity-type topics --entity-name TOPIC --alter --add-config "
                + "retention.ms=5000,cleanup.policy=[compact,delete]",
            "--entity-type topics --entity-name TOPIC --describe --all",
            "--entity-type topics --entity-name TOPIC --alter --delete-config retention.ms",
            "--entity-type topics --entity-name TOPIC --alter --add-config retention.ms=soon",
            "--entity-type topics --entity-name TOPIC --describe",
            "--entity-type brokers --entity-name 1 --alter --add-config num.io.threads=9",
            "--entity-type brokers --entity-default --alter --add-config background.threads=11",
            "--entity-type brokers --entity-name 1 --describe",
            "--entity-type groups --entity-name TOPIC --alter --add-config consumer.session.timeout.ms=50000",
            "--entity-type groups --entity-name TOPIC --describe",
            "--entity-type client-metrics --entity-name TOPIC --alter --add-config interval.ms=1000",
            "--entity-type client-metrics --entity-name TOPIC --describe",
        ]

        @Test("prints of Apus what it prints of Kafka", .endsHangs)
        func output() async throws {
            let topic = "tool\(UInt32.random(in: 0..<(.max)))"
            let ports = ComparedBrokers.ports
            try await confirmSame(
                "org.apache.kafka.tools.TopicCommand",
                "--create --partitions 1 --replication-factor 1 --topic \(topic)", ports)
            for command in Self.commands {
                try await confirmSame(
                    "kafka.admin.ConfigCommand", command.replacing("TOPIC", with: topic), ports)
            }
        }

        private func confirmSame(_ tool: String, _ words: String, _ ports: [Int]) async throws {
            async let apus = said(tool, words, ports[0])
            async let kafka = said(tool, words, ports[1])
            let (ours, theirs) = try await (apus, kafka)
            #expect(ours == theirs, "\(words)")
        }

        /// The lines that are printed, in one order; of an error its code and sentence.
        private func said(_ tool: String, _ words: String, _ port: Int) async throws -> [String] {
            let scratch = Scratch()
            let tool = try RunningCommand(
                ["java", "-Xmx128M", "-cp", TestEnvironment.javaClassPath, tool]
                    + ["--bootstrap-server", "127.0.0.1:\(port)"]
                    + words.split(separator: " ").map(String.init),
                outputPath: scratch.path + "/output")
            _ = try await tool.wait(seconds: 60)
            let output = try String(contentsOfFile: scratch.path + "/output", encoding: .utf8)
            let lines = output.replacing("127.0.0.1:\(port)", with: "its address")
                .split(separator: "\n").map(String.init)
            // Kafka has min.insync.replicas set for all its brokers; what is below an error differs.
            return lines.filter { !$0.hasPrefix("\tat ") && !$0.contains("min.insync.replicas=") }.sorted()
        }
    }
}
