// Consumer groups with real clients; each scenario is a function of clients/groups.py.
import Foundation
import Testing

extension Compatibility {
    @Suite("Groups", .enabled(if: TestEnvironment.hasPython, TestEnvironment.needsPython))
    struct Groups {
        @Test(
            "small services share their work through groups",
            arguments: ["share", "replaced", "restart", "independent", "clients", "static"])
        func scenario(_ name: String) async throws { try await run("groups.py", name, []) }

        @Test(
            "services of the new protocol share their work, survive, and move between the protocols",
            arguments: ["share", "restart", "replaced", "move"])
        func newProtocol(_ name: String) async throws {
            try await run(
                "groups848.py", name,
                [
                    ("group.consumer.heartbeat.interval.ms", "300"),
                    ("group.consumer.session.timeout.ms", "6000"),
                    ("group.consumer.min.heartbeat.interval.ms", "300"),
                    ("group.consumer.min.session.timeout.ms", "6000"),
                ])
        }

        private func run(_ script: String, _ name: String, _ settings: [(String, String)]) async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let command = TestEnvironment.brokerCommand(
                directory: scratch.path + "/data", port: port, settings: settings)
            let log = scratch.path + "/broker.log"
            do {
                try await runClient(script, [name, "\(port)", log, "--"] + command, seconds: 180)
            } catch {
                let text = FileManager.default.contents(atPath: log) ?? Data()
                print("the broker's log:\n\(String(decoding: text, as: UTF8.self).suffix(8000))")
                throw error
            }
        }
    }
}
