// DeleteRecords by Kafka's own tool, and what is left after a crash.
import Foundation
import Testing

extension Compatibility {
    @Suite(
        "DeleteRecords with Kafka's tools", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct DeleteRecords {
        private static let tools = "org.apache.kafka.tools."

        private func delete(_ broker: BrokerProcess, to offset: Int, topic: String = "d") async throws
            -> String
        {
            let scratch = Scratch()
            let file = scratch.path + "/offsets.json"
            let json =
                #"{"version":1,"partitions":[{"topic":"\#(topic)","partition":0,"offset":\#(offset)}]}"#
            try json.write(toFile: file, atomically: true, encoding: .utf8)
            return try await runJava([
                Self.tools + "DeleteRecordsCommand", "--bootstrap-server", broker.bootstrap,
                "--offset-json-file", file,
            ])
        }

        private func ends(_ broker: BrokerProcess) async throws -> [String] {
            var found: [String] = []
            for time in ["earliest", "latest"] {
                let text = try await runJava([
                    Self.tools + "GetOffsetShell", "--bootstrap-server", broker.bootstrap, "--topic", "d",
                    "--time", time,
                ])
                found += text.split(separator: "\n").filter { $0.hasPrefix("d:0:") }.map(String.init)
            }
            return found
        }

        @Test("the tool moves the start, a crash does not move it back, and what is left is read")
        func tool() async throws {
            try await withBroker { broker in
                try await runJava([
                    Self.tools + "ProducerPerformance", "--topic", "d", "--num-records", "5000",
                    "--record-size", "100", "--throughput", "-1", "--bootstrap-server", broker.bootstrap,
                    "--command-property", "acks=all",
                ])
                #expect(try await delete(broker, to: 3000).contains("low_watermark: 3000"))
                // Kafka writes its checkpoints once a minute only, and would not know it any more.
                if TestEnvironment.isKafka { try await broker.stop() } else { try await broker.crash() }
                try await broker.restart()
                #expect(try await ends(broker) == ["d:0:3000", "d:0:5000"])
                #expect(try await delete(broker, to: 6000).contains("OffsetOutOfRange"))
                #expect(try await delete(broker, to: 10).contains("low_watermark: 3000"))
                #expect(try await delete(broker, to: -1).contains("low_watermark: 5000"))
                try await broker.stop()
                try await broker.restart()
                #expect(try await ends(broker) == ["d:0:5000", "d:0:5000"])
            }
        }
    }
}
