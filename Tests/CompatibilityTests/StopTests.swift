// How a broker ends when parts of it hang.
import Foundation
import Glibc
import Testing

extension Compatibility {
    @Suite("Stopping", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct Stops {
        @Test("a broker whose log nobody reads ends within ten seconds of SIGTERM, without the clean marker")
        func fullLog() async throws {
            let scratch = Scratch()
            let fifo = scratch.path + "/log"
            try #require(mkfifo(fifo, 0o600) == 0)
            let log = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(log) }
            let port = try FreePort.next()
            let command = try RunningCommand(
                TestEnvironment.brokerCommand(directory: scratch.path + "/data", port: port, settings: []),
                outputPath: fifo, environment: ["SWIFT_BACKTRACE": "enable=no"])
            defer { command.signal(SIGKILL) }
            try await until(seconds: 20) {
                (try? WireConnection(port: port, seconds: 5).askForVersions()) != nil
            }
            // From now on every line that it logs waits for ever.
            while write(log, "x", 1) == 1 {}
            command.signal(SIGTERM)
            try await until(seconds: 10) { !command.isRunning }
            #expect(try await command.wait(seconds: 1) == 1)
            #expect(access(scratch.path + "/data/.kafka_cleanshutdown", F_OK) != 0)
        }

        /// Opening a pipe that nobody writes to waits for ever, as a disk may.
        @Test("a broker whose start waits for a disk that stands still ends within ten seconds of SIGTERM")
        func hangingStart() async throws {
            let broker = try await BrokerProcess()
            #expect(try await broker.stop() == 0)
            let path = broker.directory + "/replication-offset-checkpoint"
            try FileManager.default.removeItem(atPath: path)
            try #require(mkfifo(path, 0o600) == 0)
            let scratch = Scratch()
            let command = try RunningCommand(
                TestEnvironment.brokerCommand(directory: broker.directory, port: broker.port, settings: []),
                outputPath: scratch.path + "/log", environment: ["SWIFT_BACKTRACE": "enable=no"])
            defer { command.signal(SIGKILL) }
            // It holds the directory by then.
            try await until(seconds: 20) {
                let holder = try? String(contentsOfFile: broker.directory + "/.lock", encoding: .utf8)
                return holder == "\(command.processID)\n"
            }
            command.signal(SIGTERM)
            try await until(seconds: 10) { !command.isRunning }
            #expect(try await command.wait(seconds: 1) == 1)
            #expect(command.output.contains("broker.signalled"))
        }

        private func until(seconds: Double, _ isSo: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(seconds)
            while !isSo() {
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
