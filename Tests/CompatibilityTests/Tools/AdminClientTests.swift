// The admin clients that users have get the same answers from Apus as from Kafka: every method of each.
import Foundation
import TestSupport
import Testing

/// A client with an interface for administration, and the script that calls all of it.
enum AdminClient: String, CaseIterable, Sendable {
    case confluent = "admin_confluent.py"
    case kafkaPython = "admin_kafka_python.py"
    case aiokafka = "admin_aiokafka.py"
    case java = "AdminCalls.java"

    /// Runs the script with the broker on `port`; one line for each call.
    func calls(port: Int) async throws -> [String] {
        let output =
            self == .java
            ? try await runJava(
                ["-XX:TieredStopAtLevel=1", "\(TestEnvironment.clients)/\(rawValue)", "\(port)"])
            : try await runClient(rawValue, ["\(port)"])
        return output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("{\"call\"") }
    }
}

extension Compatibility {
    @Suite(
        "Admin clients", .enabled(if: TestEnvironment.hasJava, TestEnvironment.needsJava),
        .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct AdminClients {
        @Test("get from Apus what they get from Kafka", .endsHangs)
        func calls() async throws {
            let begun = ContinuousClock.now
            let count = try await FreshBrokers.run { ports in
                for port in ports { try ComparedBrokers.prepare(port) }
                var count = 0
                for client in AdminClient.allCases {
                    let (apus, kafka) = try await Self.calls(client, ports)
                    #expect(apus.count == kafka.count && !apus.isEmpty, "\(client)")
                    count += apus.count
                    for (ours, theirs) in zip(apus, kafka) where ours != theirs {
                        Issue.record("\(client)\nApus \(ours)\nKafka \(theirs)")
                    }
                }
                return count
            }
            print("\(count) calls of \(AdminClient.allCases.count) clients, \(ContinuousClock.now - begun)")
        }

        @Test("a broker that answers otherwise is found", .endsHangs)
        func planted() async throws {
            try await withBroker { one in
                try await withBroker([("log.segment.bytes", "77000000")]) { other in
                    let (ours, theirs) = try await Self.calls(.aiokafka, [one.port, other.port])
                    let differing = zip(ours, theirs).filter { $0 != $1 }.map { $0.0 }
                    #expect(differing.contains { $0.contains("describe_configs") })
                    #expect(differing.allSatisfy { $0.contains("describe_configs") })
                }
            }
        }

        /// What a client is answered by two brokers at the same time.
        private static func calls(
            _ client: AdminClient, _ ports: [Int]
        ) async throws -> ([String], [String]) {
            async let apus = client.calls(port: ports[0])
            async let kafka = client.calls(port: ports[1])
            return try await (apus, kafka)
        }
    }
}
