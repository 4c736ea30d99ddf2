// One broker for one test: its own port, its own data, gone afterwards.
import Foundation
import Glibc

/// A broker that runs as a process of its own; `withBroker` starts and ends it.
final class BrokerProcess {
    let port: Int
    let directory: String
    let settings: [(String, String)]
    /// What a shell runs before it becomes the broker, such as `ulimit -n 100`.
    private let limits: String
    private let scratch: Scratch
    private(set) var command: RunningCommand

    var bootstrap: String { "127.0.0.1:\(port)" }
    var processID: Int32 { command.processID }
    var isRunning: Bool { command.isRunning }
    /// All that the broker has logged, over restarts.
    var log: String { command.output }

    /// Starts a broker on an empty directory, its own where none is named, and waits until it answers.
    init(
        _ settings: [(String, String)] = [], at directory: String? = nil, limits: String = ":"
    ) async throws {
        scratch = Scratch()
        self.directory = directory ?? scratch.path + "/data"
        port = try FreePort.next()
        self.settings = settings
        self.limits = limits
        command = try BrokerProcess.launch(
            self.directory, port, settings, limits, log: scratch.path + "/broker.log")
        try await waitUntilReady()
    }

    /// Starts it again on the same data and port.
    func restart(seconds: Double = 60) async throws {
        command = try BrokerProcess.launch(
            directory, port, settings, limits, log: scratch.path + "/broker.log")
        try await waitUntilReady(seconds: seconds)
    }

    /// Ends it at once, as a crash would.
    func crash() async throws {
        command.signal(SIGKILL)
        _ = try await command.wait(seconds: 10)
    }

    /// Ends it cleanly; the exit code.
    @discardableResult
    func stop() async throws -> Int32 {
        command.signal(SIGTERM)
        return try await command.wait(seconds: 60)
    }

    /// A line of `/proc/PID/status` in KiB, such as `VmRSS` or `VmHWM`.
    func memoryKiB(_ name: String) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }

    private static func launch(
        _ directory: String, _ port: Int, _ settings: [(String, String)], _ limits: String, log: String
    ) throws -> RunningCommand {
        let words = TestEnvironment.brokerCommand(directory: directory, port: port, settings: settings)
        return try RunningCommand(
            ["/bin/sh", "-c", "\(limits) && exec \"$@\"", "sh"] + words, outputPath: log,
            environment: ["SWIFT_BACKTRACE": "enable=no"])
    }

    /// Ready is who answers ApiVersions.
    private func waitUntilReady(seconds: Double = 60) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end, command.isRunning {
            if let socket = try? WireConnection(port: port, seconds: 5), (try? socket.askForVersions()) != nil
            {
                return
            }
            try await Task.sleep(for: .milliseconds(TestEnvironment.isKafka ? 100 : 5))
        }
        command.signal(SIGKILL)
        throw CommandError.notReady(output: log)
    }
}

/// Runs `body` with a fresh broker, which is killed afterwards; what it logged is part of a failure.
func withBroker(
    _ settings: [(String, String)] = [], at directory: String? = nil, limits: String = ":",
    _ body: (BrokerProcess) async throws -> Void
) async throws {
    let broker = try await BrokerProcess(settings, at: directory, limits: limits)
    do {
        try await body(broker)
    } catch {
        print("the broker's log:\n\(broker.log.suffix(8000))")
        try? await broker.crash()
        throw error
    }
    try await broker.crash()
}

/// Ports that nobody listens on.
enum FreePort {
    /// A free port whose successor is free too, as Kafka's controller takes that one.
    static func next() throws -> Int {
        // Below the range from which the system gives ports to outgoing connections.
        for _ in 0..<1000 {
            let port = Int.random(in: 10_000..<32_000)
            if isFree(port), isFree(port + 1) { return port }
        }
        throw WireConnectionError.failed("no free port", errno)
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = WireConnection.loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
