// What `make test` and CI make of a run: the script and its summary, over tools that only say what a test has
// them say.
import Foundation
import Testing

@Suite("A run of tests")
struct TestRunTests {
    /// A folder with the script and the summary as they are, and with a `swift` and a `make` of the test's.
    private final class Rig {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-run-\(UUID().uuidString)")

        // What running tests prints and how it exits, the events that it writes, and how the format lint
        // exits.
        init(test: String, events: [String] = [], lint: Int = 0) throws {
            let tests = folder.appending(path: "Tests"), tools = folder.appending(path: "tools")
            for place in [tests, tools] {
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            }
            for name in ["run.sh", "summary.py"] {
                try FileManager.default.copyItem(
                    at: SourceTree.root.appending(path: "Tests/\(name)"), to: tests.appending(path: name))
            }
            // The other steps pass, with one test.
            for (name, lines) in [("events", events), ("others", TestRunTests.passing + [TestRunTests.end])] {
                try lines.joined(separator: "\n").write(
                    to: folder.appending(path: name), atomically: true, encoding: .utf8)
            }
            try add(
                tool: "swift",
                """
                [ "$1" = test ] || exit 0
                while [ "$1" != --event-stream-output-path ]; do shift; done
                [[ "$2" = */quick.jsonl ]] || { cp others "$2"; exit 0; }
                cp events "$2"
                \(test)
                """)
            try add(tool: "make", "echo 'a.swift:1:1: error: [Spacing] remove 1 space'; exit \(lint)")
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        private func add(tool: String, _ script: String) throws {
            let url = folder.appending(path: "tools/\(tool)")
            try "#!/bin/bash\n\(script)\n".write(to: url, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
        }

        func run(_ environment: [String: String] = [:]) throws -> (status: Int32, said: String) {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = [folder.appending(path: "Tests/run.sh").path, "quick"]
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            process.environment = environment.merging(
                ["PATH": folder.appending(path: "tools").path + ":" + path]) { $1 }
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let said = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: said, as: UTF8.self))
        }
    }

    private static func test(_ id: String, _ name: String) -> String {
        #"{"kind":"test","payload":{"id":"\#(id)","kind":"function","displayName":"\#(name)","name":"f()"}}"#
    }

    private static func event(
        _ kind: String, of test: String = "", at time: Int = 0, _ symbol: String = "default",
        _ text: String = ""
    ) -> String {
        #"{"kind":"event","payload":{"kind":"\#(kind)","testID":"\#(test)","instant":{"absolute":\#(time)},"#
            + #""messages":[{"symbol":"\#(symbol)","text":"\#(text)"}]}}"#
    }

    private static let passing = [
        test("a", "one is one"), event("testCaseStarted", of: "a", at: 1),
        event("testCaseEnded", of: "a", at: 43),
        event("testEnded", of: "a", at: 43, "pass"),
    ]
    private static let end = event("runEnded")
    private static let continuousIntegration = ["CI": "true", "KAFKA_ORACLE": "/somewhere"]

    @Test("one that passes says so, and what took longest")
    func passes() throws {
        let run = try Rig(test: "exit 0", events: Self.passing + [Self.end]).run(Self.continuousIntegration)
        #expect(run.status == 0)
        #expect(run.said.contains("2 passed, 0 failed, 0 skipped"))
        #expect(run.said.contains("42.0 s  quick          \"one is one\""))
    }

    @Test("a mistake of layout fails it, and is told")
    func lint() throws {
        let run = try Rig(test: "exit 0", events: Self.passing + [Self.end], lint: 1).run()
        #expect(run.status == 1)
        #expect(run.said.contains("lint failed:\n  a.swift:1:1: error: [Spacing] remove 1 space"))
        #expect(run.said.contains("2 passed, 1 failed, 0 skipped"))
    }

    @Test("a skipped test is counted and named with its reason, and fails it where everything is there")
    func skipped() throws {
        let events = [
            Self.test("b", "two is two"),
            Self.event("testSkipped", of: "b", "skip", "Test skipped: there is no Kafka"), Self.end,
        ]
        let rig = try Rig(test: "exit 0", events: Self.passing + events)
        for environment in [[:], ["CI": "true"], ["KAFKA_ORACLE": "/somewhere"]] {
            let run = try rig.run(environment)
            #expect(run.status == 0)
            #expect(run.said.contains("skipped:\n  quick          \"two is two\" there is no Kafka"))
            #expect(run.said.contains("2 passed, 0 failed, 1 skipped"))
        }
        #expect(try rig.run(Self.continuousIntegration).status == 1)
    }

    @Test("a test that fails is named")
    func fails() throws {
        let events = [
            Self.test("b", "two is two"),
            #"{"kind":"event","payload":{"kind":"issueRecorded","testID":"b","instant":{"absolute":1},"#
                + #""issue":{"isKnown":false,"sourceLocation":{"fileID":"A/B.swift","line":7}},"#
                + #""messages":[{"symbol":"fail","text":"it is three"}]}}"#,
            Self.event("testEnded", of: "b", "fail"), Self.end,
        ]
        let run = try Rig(test: "exit 1", events: Self.passing + events).run()
        #expect(run.status == 1)
        #expect(run.said.contains("quick failed:\n  \"two is two\" at A/B.swift:7: it is three"))
        #expect(run.said.contains("2 passed, 1 failed, 0 skipped"))
    }

    @Test("a process that dies says why: reason, frames, and the tests that had started and not ended")
    func crashes() throws {
        let backtrace = """
            cat <<'END'
            Swift/x86_64/Integers.swift:1: Fatal error: Not enough bits
            *** Signal 4: Backtracing from 0x7f00...

            💣 Program crashed: Illegal instruction at 0x00007f00

            Thread 3 "apus-loop" crashed:

            0 divide(by:) + 354 in apus at Sources/Base/Divide.swift:3:5
            \((1...100).map { "frame \($0) of many" }.joined(separator: "\n"))

            Registers:

            rax 0x0
            END
            echo 'error: Exited with unexpected signal code 4'
            exit 1
            """
        let events = [
            Self.test("b", "two is two"), Self.event("testCaseStarted", of: "b", at: 2),
            #"{"kind":"event","payload":{"kind":"testCa"#,
        ]
        let run = try Rig(test: backtrace, events: Self.passing + events).run()
        #expect(run.status == 1)
        let told = run.said.components(separatedBy: "quick failed:").last ?? ""
        for line in [
            "Fatal error: Not enough bits", "Program crashed: Illegal instruction",
            "Thread 3 \"apus-loop\" crashed:",
            "0 divide(by:) + 354 in apus at Sources/Base/Divide.swift:3:5", "frame 50 of many",
            "these tests had started and not ended:\n    \"two is two\"",
        ] {
            #expect(told.contains(line), "\(line)")
        }
        #expect(!told.contains("frame 90 of many") && !told.contains("rax"))
        #expect(run.said.contains("2 passed, 1 failed, 0 skipped"))
    }

    @Test("one without a single test is none")
    func empty() throws {
        let run = try Rig(test: "exit 0", events: [Self.end]).run()
        #expect(run.status == 1)
        #expect(run.said.contains("no test was run"))
    }
}
