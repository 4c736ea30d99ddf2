// What one client writes, it and the others read back: every key, value, header and timestamp, in every
// codec.
import Foundation
import Testing

/// All tests with real brokers, one after the other, as a broker and its client fill both cores of a small
/// machine.
@Suite("Compatibility", .serialized)
struct Compatibility {}

/// A client that writes and reads the expected records.
enum Client: String, CaseIterable, Sendable {
    case confluent, kafkaPython = "kafka_python", kafkaPythonOld = "kafka_python 1.4", aiokafka, java

    /// What this client can compress with.
    var codecs: [String] {
        self == .kafkaPythonOld
            ? ["none", "gzip", "snappy", "lz4"] : ["none", "gzip", "snappy", "lz4", "zstd"]
    }

    var isInstalled: Bool { self == .java ? TestEnvironment.hasJava : TestEnvironment.hasPython }

    func run(_ mode: String, _ bootstrap: String, topic: String, codec: String, base: Int) async throws {
        let count = "\(TestEnvironment.recordCount)"
        if self == .java {
            try await runJava([
                JavaSource.roundTrip.compiled(), mode, bootstrap, topic, codec, count, "\(base)",
            ])
            return
        }
        let script = self == .kafkaPythonOld ? Client.kafkaPython.rawValue : rawValue
        try await runClient(
            "roundtrip_\(script).py",
            [
                mode, "--bootstrap", bootstrap, "--topic", topic, "--codec", codec, "--count", count,
                "--base", "\(base)",
            ],
            environment: self == .kafkaPythonOld ? ["PYTHONPATH": TestEnvironment.oldClients] : [:])
    }
}

extension Compatibility {
    @Suite("Round trips of 100,000 records")
    struct RoundTrips {
        /// An hour ago: neither in the future, where brokers refuse records, nor old enough for retention.
        private let base = (Int(Date.now.timeIntervalSince1970) - 3600) * 1000

        @Test("records come back as they went in, whoever reads them", arguments: Client.allCases)
        func roundTrip(_ writer: Client) async throws {
            guard writer.isInstalled else { try Test.cancel(TestEnvironment.needsJava) }
            try await withBroker { broker in
                let bootstrap = broker.bootstrap
                // The clients compute more than the broker: two at a time, for two cores.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, codec) in writer.codecs.enumerated() {
                        if index > 1 { try await group.next() }
                        group.addTask { try await pass(writer, codec, bootstrap) }
                    }
                    try await group.waitForAll()
                }
            }
        }

        /// Has one topic written, and read by others.
        private func pass(_ writer: Client, _ codec: String, _ bootstrap: String) async throws {
            try await writer.run("produce", bootstrap, topic: codec, codec: codec, base: base)
            for reader in readers(of: writer, codec) {
                try await reader.run("consume", bootstrap, topic: codec, codec: codec, base: base)
            }
            if TestEnvironment.hasKcat, TestEnvironment.isLong || writer == .confluent {
                try await runKcat("consume", bootstrap, codec)
            }
        }

        @Test(
            "lines that kcat wrote come back",
            .enabled(if: TestEnvironment.hasKcat, TestEnvironment.needsKcat),
            arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
        func kcat(_ codec: String) async throws {
            try await withBroker { broker in try await runKcat("produce", broker.bootstrap, codec) }
        }

        /// The writer itself and the next client of the list; all of them in long runs.
        private func readers(of writer: Client, _ codec: String) -> [Client] {
            let able = Client.allCases.filter { $0.isInstalled && $0.codecs.contains(codec) }
            guard !TestEnvironment.isLong, let index = able.firstIndex(of: writer) else { return able }
            return [writer, able[(index + 1) % able.count]]
        }

        private func runKcat(_ mode: String, _ bootstrap: String, _ codec: String) async throws {
            try await runClient(
                "roundtrip_kcat.py",
                [
                    mode, "--bootstrap", bootstrap, "--topic", codec, "--codec", codec, "--count",
                    "\(TestEnvironment.recordCount)", "--base", "\(base)",
                ])
        }
    }
}
