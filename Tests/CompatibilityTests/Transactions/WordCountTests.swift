// Kafka Streams counts words exactly once while broker and application are killed.
import Foundation
import Testing

extension Compatibility {
    @Suite("Kafka Streams", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct Streams {
        private static let program = JavaSource("WordCount")

        @Test("a word count is exact although broker and application are killed")
        func wordCount() async throws {
            let kills = TestEnvironment.isLong ? 20 : 3
            let seed = TestEnvironment.variable("APUS_TEST_SEED") ?? "\(Int.random(in: 0..<1 << 31))"
            _ = try await Self.program.compiled()
            let scratch = Scratch()
            let port = try FreePort.next()
            let log = scratch.path + "/broker.log"
            let java =
                "java -Xmx512M -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp"
                + " '\(TestEnvironment.javaClassPath):\(JavaSource.folder)'"
            let words = [
                "--kills", "\(kills)", "--seed", seed, "--port", "\(port)", "--log", log, "--folder",
                scratch.path, "--java", java, "--",
            ]
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: [])
            do {
                print(
                    try await runClient("word_count.py", words + command, seconds: Double(240 + 15 * kills)))
            } catch {
                for name in ["broker.log", "application"] {
                    let text = FileManager.default.contents(atPath: "\(scratch.path)/\(name)") ?? Data()
                    print("\(name):\n\(String(decoding: text, as: UTF8.self).suffix(6000))")
                }
                throw error
            }
        }
    }
}
