// Transactional clients while broker and clients are killed and stopped; what they noted is judged
// afterwards.
import Foundation
import TestSupport
import Testing

extension Compatibility {
    @Suite("Transactional histories", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct TransactionHistories {
        @Test(
            "nothing is lost, torn, doubled, out of order, or visible before its time",
            arguments: TestEnvironment.isLong ? 0..<100 : 0..<2)
        func history(round: Int) async throws {
            let first = TestEnvironment.variable("APUS_TEST_SEED").flatMap { Int($0) }
            let seed = (first ?? Int.random(in: 0..<1 << 31)) + round
            let scratch = Scratch()
            let folder = scratch.path + "/history"
            let port = try FreePort.next()
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: [])
            let log = scratch.path + "/broker.log"
            let words = [
                "run", "--seed", "\(seed)", "--seconds", TestEnvironment.isLong ? "20" : "8", "--port",
                "\(port)", "--log", log, "--history", folder, "--protocol",
                round % 2 == 0 ? "classic" : "consumer", "--",
            ]
            try await runClient("transaction_history.py", words + command, seconds: 240)
            var history = TransactionHistory()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            where name.hasSuffix(".jsonl") {
                try history.add(notes: String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
            }
            let committed = history.transactions.count { $0.outcome == .committed }
            print(
                "seed \(seed): \(history.transactions.count) transactions, \(committed) committed,"
                    + " \(history.reads.count) reads")
            #expect(committed > 0)
            let anomalies = TransactionChecker.anomalies(in: history)
            #expect(anomalies == [], "seed \(seed)")
            if !anomalies.isEmpty {
                let text = FileManager.default.contents(atPath: log) ?? Data()
                print("the broker's log:\n\(String(decoding: text, as: UTF8.self).suffix(8000))")
            }
        }
    }
}
