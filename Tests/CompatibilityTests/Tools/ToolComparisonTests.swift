// Kafka's own command-line tools say the same of Apus as of Kafka: a table, tool by tool.
import Foundation
import TestSupport
import Testing

extension Compatibility {
    @Suite("Command-line tools", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava))
    struct ToolComparison {
        /// All rows, in the order in which they run: later ones find what earlier ones made.
        private static let table =
            ToolRow.topics + ToolRow.records + ToolRow.cluster + ToolRow.configs + ToolRow.replicas
            + ToolRow.groups + ToolRow.transactions + ToolRow.loads

        @Test("print of Apus what they print of Kafka", .endsHangs)
        func table() async throws {
            let begun = ContinuousClock.now
            let results = try await FreshBrokers.run { ports in
                try await ToolRun(ports: ports).results(of: Self.table)
            }
            for result in results {
                let (apus, kafka) = (result.comparable[0], result.comparable[1])
                if !result.isSame {
                    let described =
                        "Apus \(lines(apus, without: kafka))\nKafka \(lines(kafka, without: apus))"
                    Issue.record("\(result.row.command)\n\(described)")
                }
                // What comes from a moment is not there each time.
                for unused in result.unusedAllowances {
                    print("\(result.row.script) did not need an allowance: \(unused.reason)")
                }
            }
            let slowest = results.max { $0.milliseconds < $1.milliseconds }
            print(
                "\(results.count) command lines of \(Set(results.map(\.row.script)).count) tools,",
                "\(results.count { !$0.isSame }) differ, \(ContinuousClock.now - begun);",
                "slowest: \(slowest.map { "\($0.milliseconds) ms \($0.row.command)" } ?? "none")")
        }

        @Test("each tool has rows, or a reason why not")
        func complete() {
            let scripts = Set(Self.table.map(\.script))
            for script in ToolScripts.classes.keys.sorted() {
                let isLeftOut = ToolScripts.leftOut[script] != nil
                #expect(scripts.contains(script) != isLeftOut, "\(script)")
            }
        }

        @Test("what neither broker shows is not taken for the same", .endsHangs)
        func awaited() async throws {
            try await withBroker { broker in
                let rows = [
                    ToolRow.reads("kafka-topics --list"),
                    .reads("kafka-transactions list", awaiting: "Transactional"),
                    .reads("kafka-transactions list", awaiting: "Ongoing"),
                ]
                let results = try await ToolRun(ports: [broker.port, broker.port]).results(of: rows)
                #expect(results.map(\.isSame) == [true, true, false])
            }
        }

        @Test("a broker that behaves otherwise is found", .endsHangs)
        func planted() async throws {
            try await withBroker([("num.partitions", "2")]) { one in
                try await withBroker([("num.partitions", "3")]) { other in
                    let results = try await ToolRun(ports: [one.port, other.port]).results(of: [
                        .acts("kafka-topics --create --topic a"),
                        .reads("kafka-cluster cluster-id @"),
                        .reads("kafka-get-offsets --topic a"),
                    ])
                    #expect(results.map(\.isSame) == [true, true, false])
                }
            }
        }

        private func lines(_ lines: [String], without others: [String]) -> String {
            let own = lines.filter { !others.contains($0) }
            return own.isEmpty && lines != others
                ? "says:\n" + lines.joined(separator: "\n") : "alone:\n" + own.joined(separator: "\n")
        }
    }
}

/// An Apus and a Kafka of their own, which no other test has seen.
enum FreshBrokers {
    /// Runs `body` with their ports, Apus first; Kafka may have settings of its own.
    static func run<Result>(
        kafka own: [String] = [], _ body: ([Int]) async throws -> Result
    ) async throws -> Result {
        var result: Result?
        // Records stay, however old they say they are.
        let settings = [
            ("offsets.topic.num.partitions", "4"), ("apus.replication.clamp", "false"),
            ("log.retention.ms", "-1"),
        ]
        try await withBroker(settings) { apus in
            try await ComparedBrokers.withKafka(["log.retention.ms=-1"] + own) { kafka in
                result = try await body([apus.port, kafka])
            }
        }
        return try #require(result)
    }
}
