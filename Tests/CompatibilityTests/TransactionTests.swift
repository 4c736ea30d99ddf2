// Transactions with real clients; each scenario is a function of clients/transactions.py.
import Foundation
import Testing

extension Compatibility {
    @Suite("Transactions", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct Transactions {
        @Test(
            "who reads committed sees all of a transaction or nothing of it",
            arguments: [
                "commit_and_abort", "zombie", "timeout", "transform", "transform_new", "restart",
                "other_client", "kafka_python",
            ])
        func scenario(_ name: String) async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port,
                settings: [
                    ("transaction.state.log.num.partitions", "4"), ("offsets.topic.num.partitions", "4"),
                ])
            let log = scratch.path + "/broker.log"
            do {
                try await runClient(
                    "transactions.py", [name, "\(port)", log, "--"] + command, seconds: 150)
            } catch {
                let text = FileManager.default.contents(atPath: log) ?? Data()
                print("the broker's log:\n\(String(decoding: text, as: UTF8.self).suffix(8000))")
                throw error
            }
        }
    }
}
