// Records what Apache Kafka answers about configurations: APUS_RECORD=configurations with KAFKA_ORACLE writes
// fixtures/configurations/changes.jsonl.gz anew.
import Base
import Foundation
import Protocol
import TestSupport
import Testing

extension Compatibility {
    @Suite(
        "Recording of configurations",
        .enabled(if: TestEnvironment.variable("APUS_RECORD") == "configurations" && TestEnvironment.hasJava))
    struct ConfigurationRecordings {
        @Test("what Kafka answers about configurations is written down")
        func record() async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            // Its own defaults alone, but for what it needs to be one node.
            let kafka = try RunningCommand(
                ["\(try #require(TestEnvironment.oracle))/kafka.sh", "exec", scratch.path, "\(port)"],
                outputPath: scratch.path + "/log")
            defer { kafka.signal(9) }
            for _ in 0..<600 {
                if let socket = try? WireConnection(port: port), (try? socket.askForVersions()) != nil {
                    break
                }
                pause(milliseconds: 100)
            }
            var lines: [String] = []
            let peer = ComparedPeer(port: port)
            for step in ConfigurationRequests.all {
                let asked = try peer.ask(step.key, step.version, step.request)
                let reply = try #require(asked, "\(step.key.name) is not answered: \(step.request)")
                let line: JSONValue = [
                    "key": .integer(Int64(step.key.rawValue)), "version": .integer(Int64(step.version)),
                    "request": step.request, "reply": reply,
                ]
                lines.append("\(line)")
                // Changes show a moment after they are answered.
                if step.key != .describeConfigs, step.key != .listConfigResources { pause(milliseconds: 150) }
            }
            let path = Fixture.path("configurations/changes.jsonl")
            let text = lines.joined(separator: "\n") + "\n"
            try Data(text.replacing(scratch.path, with: "DIRECTORY").utf8).write(to: URL(filePath: path))
            let packing = try RunningCommand(["gzip", "-9nf", path], outputPath: scratch.path + "/gzip")
            #expect(try await packing.wait(seconds: 60) == 0)
        }
    }
}
