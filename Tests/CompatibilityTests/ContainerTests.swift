// A broker in a control group with little memory, as in a small container, beside peers that want all of it.
import Foundation
import Glibc
import Testing

/// A control group with a memory limit, removed with the last reference; needs root, and a hierarchy that
/// may be written to.
final class ControlGroupScratch: Sendable {
    private static let roots = [
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
    ]
    private let path: String

    /// A group that may take `bytes`; nil where there can be none.
    init?(bytes: Int) {
        for (root, file) in Self.roots {
            let path = "\(root)/apus-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
            guard mkdir(path, 0o755) == 0 else { continue }
            if (try? "\(bytes)".write(toFile: "\(path)/\(file)", atomically: false, encoding: .utf8)) != nil {
                self.path = path
                return
            }
            rmdir(path)
        }
        return nil
    }

    deinit { rmdir(path) }

    static var isAvailable: Bool { ControlGroupScratch(bytes: 100 << 20) != nil }
    static let needsGroups: Comment =
        "skipped: control groups of one's own need root and a writable hierarchy"

    /// Words of a shell that bring it into the group.
    var joining: String { "echo $$ > '\(path)/cgroup.procs'" }
}

extension Compatibility {
    @Suite(
        "Containers", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus),
        .enabled(if: ControlGroupScratch.isAvailable, ControlGroupScratch.needsGroups))
    struct Containers {
        @Test(
            "in a container of 100 MB the broker serves well-behaved clients beside hostile ones",
            arguments: [HostileActs.Act.holders, .middleHolders, .conversions, .metadata])
        func act(_ act: HostileActs.Act) async throws {
            let group = try #require(ControlGroupScratch(bytes: 100_000_000))
            let scratch = Scratch()
            let port = try FreePort.next()
            let words = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: [])
            let command = try RunningCommand(
                ["sh", "-c", "\(group.joining) && exec \"$@\"", "sh"] + words,
                outputPath: scratch.path + "/output", environment: ["SWIFT_BACKTRACE": "enable=no"])
            defer { command.signal(SIGKILL) }
            let end = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < end, command.isRunning, !command.output.contains("broker.started") {
                try await Task.sleep(for: .milliseconds(5))
            }
            try #require(command.isRunning, "\(command.output)")
            #expect(command.output.contains(" request_limit.lowered "), "\(command.output)")
            try HostileActs.prepare(act, port: port)
            let peers = HostileActs(act, port: port)
            let wellBehaved = WellBehavedClient(port: port)
            try await Task.sleep(for: .seconds(1))
            let (answers, p99) = try await wellBehaved.end()
            try await peers.end()
            print("\(act) in 100 MB: well-behaved p99 \(p99) ms, \(answers) answers")
            #expect(command.isRunning, "\(command.output.suffix(2000))")
            #expect(answers > 20)
            command.signal(SIGTERM)
            #expect(try await command.wait(seconds: 20) == 0, "\(command.output.suffix(2000))")
        }
    }
}
