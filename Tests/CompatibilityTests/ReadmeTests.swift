// The README's examples are what people try first, so they are run as they stand there, with the test's port.
import Foundation
import Glibc
import Testing

extension Compatibility {
    @Suite("The README's examples", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct ReadmeExamples {
        /// The first example in `language`, for a broker on `port`.
        private func example(_ language: String, port: Int) throws -> String {
            let readme = try String(contentsOfFile: TestEnvironment.root + "/README.md", encoding: .utf8)
            let begin = try #require(readme.range(of: "```\(language)\n"))
            let end = try #require(readme[begin.upperBound...].range(of: "\n```"))
            return readme[begin.upperBound..<end.lowerBound]
                .replacingOccurrences(of: "localhost:9092", with: "localhost:\(port)") + "\n"
        }

        /// Runs an example on a fresh broker, and gives what it printed; afterwards the topic holds one
        /// greeting.
        private func runExample(
            _ language: String, _ fileName: String, _ command: (String) -> [String]
        ) async throws -> String {
            var output = ""
            try await withBroker { broker in
                let scratch = Scratch()
                let path = scratch.path + "/" + fileName
                try example(language, port: broker.port).write(
                    toFile: path, atomically: true, encoding: .utf8)
                output = try await run(command(path), seconds: 60)
                let greetings = try await run(
                    ["kcat", "-b", broker.bootstrap, "-t", "greetings", "-C", "-o", "beginning", "-e", "-q"],
                    seconds: 30)
                #expect(greetings == "hello\n")
            }
            return output
        }

        @Test(
            "Python",
            .enabled(if: TestEnvironment.hasPython && TestEnvironment.hasKcat, TestEnvironment.needsKcat))
        func python() async throws {
            let output = try await runExample("python", "greeting.py") { [TestEnvironment.python, $0] }
            #expect(output == "b'hello'\n")
        }

        @Test(
            "Java",
            .enabled(if: TestEnvironment.hasJava && TestEnvironment.hasKcat, TestEnvironment.needsJava))
        func java() async throws {
            _ = try await runExample("java", "Greeting.java") {
                ["java", "-cp", TestEnvironment.javaClassPath, $0]
            }
        }
    }
}
