// More partitions in use than the process may have files open.
import Foundation
import Testing

extension Compatibility {
    @Suite(
        "descriptors", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython),
        .enabled(if: !TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct Descriptors {
        @Test("the partitions of a whole request live with 1,024 descriptors, over a crash and a stop")
        func manyPartitions() async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let log = scratch.path + "/broker.log"
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: [])
            do {
                print(
                    try await runClient(
                        "manyfiles.py", ["\(port)", "9999", "1024", log, "--"] + command, seconds: 300))
            } catch {
                let text = FileManager.default.contents(atPath: log) ?? Data()
                print("the broker's log:\n\(String(decoding: text, as: UTF8.self).suffix(8000))")
                throw error
            }
        }
    }
}
