// What settings of topics do to what is stored, beside Kafka: clients/topic_settings.py has a scenario for
// each that has an effect.
import TestSupport
import Testing

extension Compatibility {
    @Suite(
        "Settings of topics", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava),
        .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct TopicSettings {
        /// Whatever is due is done soon.
        private static let settings = [
            ("log.retention.check.interval.ms", "100"), ("log.cleaner.backoff.ms", "100"),
        ]

        @Test("do what they do in Kafka, and count at once when they change", .endsHangs)
        func sameEffects() async throws {
            let kafkas = Self.settings + [("log.initial.task.delay.ms", "100")]
            try await withBroker(Self.settings) { apus in
                try await ComparedBrokers.withKafka(kafkas.map { "\($0)=\($1)" }) { kafka in
                    let (ours, theirs) = try await Self.seen([apus.port, kafka])
                    #expect(ours.count == theirs.count && ours.count == 9)
                    for (one, other) in zip(ours, theirs) where one != other {
                        Issue.record("Apus \(one)\nKafka \(other)")
                    }
                    // The scenarios say themselves what a level of compression is to do.
                    #expect(ours.allSatisfy { !$0.contains("not smaller") })
                }
            }
        }

        @Test("another default is found", .endsHangs)
        func planted() async throws {
            try await withBroker { one in
                try await withBroker([("log.segment.bytes", "1048576")]) { other in
                    let (ours, theirs) = try await Self.seen([one.port, other.port], ["segment_size"])
                    #expect(ours.count == 1 && ours != theirs)
                }
            }
        }

        /// What the scenarios see of two brokers, at the same time.
        private static func seen(
            _ ports: [Int], _ scenarios: [String] = []
        ) async throws -> ([String], [String]) {
            async let first = runClient("topic_settings.py", ["\(ports[0])"] + scenarios)
            async let second = runClient("topic_settings.py", ["\(ports[1])"] + scenarios)
            let outputs = try await [first, second].map { output in
                output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("{\"scenario\"") }
            }
            return (outputs[0], outputs[1])
        }
    }
}
