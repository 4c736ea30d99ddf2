// kill -9 under load, again and again: what was acknowledged stays, once and in order.
import Foundation
import Testing

extension Compatibility {
    @Suite("Crashes", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct Crashes {
        @Test("acknowledged records survive kill -9 under load, once and in order")
        func killUnderLoad() async throws {
            let rounds = TestEnvironment.isLong ? 50 : 5
            print(try await crash(["--rounds", "\(rounds)"], seconds: Double(60 + rounds * 30)))
        }

        @Test("the checks notice a record that was lost")
        func plantedLoss() async throws {
            let scratch = Scratch()
            let words = ["--rounds", "1", "--plant-loss-in", scratch.path]
            let failure = await #expect(throws: CommandError.self) {
                try await crash(words, scratch: scratch, seconds: 180)
            }
            #expect(failure.map { "\($0)".contains("FAILED:") } == true, "\(String(describing: failure))")
        }

        private func crash(
            _ words: [String], scratch: Scratch = Scratch(), seconds: Double
        ) async throws -> String {
            let port = try FreePort.next()
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: [])
            let log = scratch.path + "/broker.log"
            do {
                return try await runClient(
                    "crash.py", words + ["--port", "\(port)", "--log", log, "--"] + command, seconds: seconds)
            } catch {
                if !words.contains("--plant-loss-in") {
                    let text = FileManager.default.contents(atPath: log) ?? Data()
                    print("the broker's log:\n\(String(decoding: text, as: UTF8.self).suffix(8000))")
                }
                throw error
            }
        }
    }
}
