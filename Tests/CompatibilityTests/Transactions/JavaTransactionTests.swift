// Java's own producer and consumer with transactions: each step ends with Apus as it does with Kafka.
import Foundation
import TestSupport
import Testing

extension Compatibility {
    @Suite("Java's transactions", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct JavaTransactions {
        private static let program = JavaSource("TransactionCalls")

        @Test("every step of Java's producers and consumers ends with Apus as with Kafka", .endsHangs)
        func steps() async throws {
            let name = try await Self.program.compiled()
            // Kafka looks for transactions that are overdue every ten seconds otherwise.
            let settings = [
                "transaction.abort.timed.out.transaction.cleanup.interval.ms=200"
            ]
            let (apus, kafka) = try await FreshBrokers.run(kafka: settings) { ports in
                async let apus = Self.steps(name, ports[0])
                async let kafka = Self.steps(name, ports[1])
                return try await (apus, kafka)
            }
            #expect(apus.count == kafka.count && apus.count > 40)
            for (ours, theirs) in zip(apus, kafka) where ours != theirs {
                Issue.record("Apus \(ours)\nKafka \(theirs)")
            }
        }

        private static func steps(_ name: String, _ port: Int) async throws -> [String] {
            try await runJava([name, "\(port)"]).split(separator: "\n").map(String.init)
                .filter { $0.hasPrefix("{\"call\"") }
        }
    }
}
