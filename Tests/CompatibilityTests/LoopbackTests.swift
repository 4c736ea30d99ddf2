// Clients on the machine itself, which may know `localhost` as 127.0.0.1 only.
import Glibc
import Testing

extension Compatibility {
    @Suite("Loopback", .disabled(if: TestEnvironment.isKafka, TestEnvironment.needsApus))
    struct Loopback {
        @Test(
            "a client that comes by ::1 or 127.0.0.1 is led back to where it came in",
            .enabled(if: TestEnvironment.hasKcat, TestEnvironment.needsKcat),
            arguments: [
                ("[::1]:", "[::1]:", "::1:"), ("127.0.0.1:", "127.0.0.1:", "localhost:"),
                ("*:", "[::1]:", "localhost:"), ("*:", "127.0.0.1:", "localhost:"),
            ])
        func ledBack(_ listener: String, _ bootstrap: String, _ told: String) async throws {
            let scratch = Scratch()
            let port = try FreePort.next()
            let broker = try RunningCommand(
                [
                    TestEnvironment.apus, "serve", "--data", scratch.path + "/data", "--listen",
                    "\(listener)\(port)",
                ],
                outputPath: scratch.path + "/log")
            defer { broker.signal(SIGKILL) }
            let ready = ContinuousClock.now + .seconds(20)
            while !broker.output.contains("broker.started"), ContinuousClock.now < ready {
                try await Task.sleep(for: .milliseconds(5))
            }
            let server = "\(bootstrap)\(port)"
            let metadata = try await run(["kcat", "-b", server, "-L"], seconds: 30)
            #expect(metadata.contains("broker 1 at \(told)\(port)"), "\(metadata)")
            let input = scratch.path + "/input"
            let file = open(input, O_WRONLY | O_CREAT, 0o644)
            _ = write(file, "hello", 5)
            close(file)
            try await run(["kcat", "-b", server, "-t", "t", "-P"], inputPath: input, seconds: 30)
            let read = try await run(
                ["kcat", "-b", server, "-t", "t", "-C", "-o", "beginning", "-e", "-q"], seconds: 30)
            #expect(read == "hello\n")
        }
    }
}
