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

        private func until(seconds: Double, _ isSo: () -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(seconds)
            while !isSo() {
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
