// Limits of the system: a broker that they leave room for serves, any other says in one sentence which limit
// it is. It is never killed by one without a word.
import Foundation
import Protocol
import Testing

extension Compatibility {
    @Suite("Limits of the system", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct SystemLimits {
        /// What became of a broker under limits.
        private enum Outcome {
            case serves(log: String)
            case refused(String)
        }

        /// Starts a broker from a shell that sets `limits`, asks it something small and something of a
        /// megabyte, and stops it.
        private func start(_ limits: String, _ settings: [(String, String)] = []) async throws -> Outcome {
            let scratch = Scratch()
            let port = try FreePort.next()
            let words = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: settings)
            let command = try RunningCommand(
                ["sh", "-c", "\(limits) && exec \"$@\"", "sh"] + words, outputPath: scratch.path + "/output",
                environment: ["SWIFT_BACKTRACE": "enable=no"])
            let end = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < end, command.isRunning, !command.output.contains("broker.started") {
                try await Task.sleep(for: .milliseconds(5))
            }
            guard command.isRunning else {
                let status = try await command.wait(seconds: 1)
                #expect(status > 0, "ended with \(status) under \(limits): \(command.output)")
                return .refused(command.output)
            }
            do {
                try HostileActs.prepare(.broken, port: port)
                let connection = try WireConnection(port: port)
                for question in WellBehavedClient.Question.usual {
                    try WellBehavedClient.ask(question, on: connection)
                }
                let large = try ProduceRequest(
                    WellBehavedClient.topic, values: [[UInt8](repeating: 1, count: 1_000_000)])
                #expect(try connection.ask(large, version: 8).responses.first?.partitionResponses.count == 1)
            } catch {
                Issue.record("not served under \(limits): \(error)\n\(command.output)")
            }
            command.signal(SIGTERM)
            #expect(try await command.wait(seconds: 20) == 0, "\(command.output)")
            return .serves(log: command.output)
        }

        @Test(
            "too few descriptors are named and refused",
            arguments: [(8, "cannot"), (64, "ulimit -n) is 64"), (127, "ulimit -n) is 127")])
        func tooFewDescriptors(limit: Int, words: String) async throws {
            guard case .refused(let output) = try await start("ulimit -n \(limit)") else {
                Issue.record("a broker with \(limit) descriptors is of no use")
                return
            }
            #expect(output.contains(words), "\(output)")
        }

        @Test("few descriptors are named in the log")
        func fewDescriptors() async throws {
            guard case .serves(let log) = try await start("ulimit -n 200") else {
                Issue.record("200 descriptors suffice for a start")
                return
            }
            #expect(log.contains(" warning connection_limit.lowered limit=200 connections_max=68 "), "\(log)")
        }

        @Test(
            "with little memory a broker serves what fits, or says which limit is too low",
            arguments: [
                "ulimit -v 40000", "ulimit -v 90000", "ulimit -v 120000", "ulimit -v 160000",
                "ulimit -v 200000", "ulimit -v 300000", "ulimit -v 600000", "ulimit -d 20000",
                "ulimit -d 60000", "ulimit -d 200000",
            ])
        func littleMemory(limits: String) async throws {
            switch try await start(limits) {
            case .serves(let log): #expect(log.contains(" request_limit.lowered "), "\(log)")
            case .refused(let output):
                // The loader and the shell speak for themselves, where not even they have room.
                #expect(output.contains(String(limits.prefix(9))) || output.contains("memory"), "\(output)")
                #expect(!output.contains("Fatal error"), "\(output)")
            }
        }

        @Test("a burst of a thousand connections is taken at once")
        func burst() async throws {
            try await withBroker { broker in
                try HostileActs.prepare(.connects, port: broker.port)
                // Connecting takes a second and more for those whose first packet was dropped.
                let begun = ContinuousClock.now
                let connections = try (0..<1000).map { _ in try WireConnection(port: broker.port) }
                for connection in connections { try connection.send([0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]) }
                for connection in connections { _ = try connection.receive() }
                #expect(ContinuousClock.now - begun < .seconds(5))
            }
        }
    }
}
