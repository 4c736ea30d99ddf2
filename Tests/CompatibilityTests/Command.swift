// Runs other programs: clients, tools, brokers. What they print goes to a file, so no full pipe can stop
// them.
import Foundation
import Glibc
import Testing

/// A folder of its own for one test, removed with its last reference unless something failed in it.
final class Scratch: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "apus-test-" + UUID().uuidString
        _ = mkdir(path, 0o755)
    }

    deinit {
        if TestEnvironment.variable("APUS_TEST_KEEP") == nil {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

/// A program that was started.
final class RunningCommand: @unchecked Sendable {
    // `Process` is safe to ask from any thread; it is configured only here.
    private let process = Process()
    let outputPath: String
    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// Starts `words`; all that it says goes to the file `outputPath`, what it reads comes from `inputPath`.
    init(
        _ words: [String], outputPath: String, environment: [String: String] = [:], inputPath: String? = nil
    ) throws {
        self.outputPath = outputPath
        let descriptor = open(outputPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        process.executableURL = URL(filePath: words[0].contains("/") ? words[0] : "/usr/bin/env")
        process.arguments = words[0].contains("/") ? Array(words.dropFirst()) : words
        // A broker would take the tests' own variable for a configuration that it does not know.
        let inherited = ProcessInfo.processInfo.environment.filter { $0.key != "KAFKA_ORACLE" }
        process.environment = inherited.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = output
        process.standardInput = inputPath.flatMap { FileHandle(forReadingAtPath: $0) } ?? .nullDevice
        try process.run()
    }

    /// Waits until the program has ended, or kills it after `seconds`.
    ///
    /// Gives the exit code, negative for a signal.
    func wait(seconds: Double) async throws -> Int32 {
        let end = ContinuousClock.now + .seconds(seconds)
        while process.isRunning {
            if ContinuousClock.now > end {
                signal(SIGKILL)
                throw CommandError.timedOut(seconds: seconds, output: output)
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func signal(_ number: Int32) {
        if process.isRunning { _ = kill(process.processIdentifier, number) }
    }

    /// What it has printed so far.
    var output: String {
        String(decoding: FileManager.default.contents(atPath: outputPath) ?? Data(), as: UTF8.self)
    }
}

enum CommandError: Error, CustomStringConvertible {
    case timedOut(seconds: Double, output: String)
    case failed(words: [String], status: Int32, output: String)
    case notReady(output: String)

    var description: String {
        switch self {
        case .timedOut(let seconds, let output):
            "not finished after \(seconds) s; it said:\n\(output.suffix(4000))"
        case .failed(let words, let status, let output):
            "`\(words.joined(separator: " "))` ended with \(status); it said:\n\(output.suffix(4000))"
        case .notReady(let output): "the broker does not answer; it said:\n\(output.suffix(4000))"
        }
    }
}

/// Runs a program to its end and gives what it printed; throws unless it exits with 0.
@discardableResult
func run(
    _ words: [String], environment: [String: String] = [:], inputPath: String? = nil, seconds: Double = 120
) async throws -> String {
    let scratch = Scratch()
    let command = try RunningCommand(
        words, outputPath: scratch.path + "/output", environment: environment, inputPath: inputPath)
    let status = try await command.wait(seconds: seconds)
    let output = command.output
    guard status == 0 else { throw CommandError.failed(words: words, status: status, output: output) }
    return output
}

/// Runs one of the scripts in `clients/`.
@discardableResult
func runClient(
    _ script: String, _ words: [String], environment: [String: String] = [:], seconds: Double = 120
) async throws -> String {
    try await run(
        [TestEnvironment.python, "\(TestEnvironment.clients)/\(script)"] + words, environment: environment,
        seconds: seconds)
}

/// Runs one of Kafka's own Java classes, or one that `JavaSource` compiled.
///
/// What runs for a second or two is done before the second compiler and the collector's threads pay off:
/// without them a tool takes two thirds of the processor's time.
@discardableResult
func runJava(
    _ words: [String], inputPath: String? = nil, seconds: Double = 120
) async throws -> String {
    try await run(
        [
            "java", "-Xmx256M", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp",
            TestEnvironment.javaClassPath + ":" + JavaSource.folder,
        ] + words,
        environment: ["LC_ALL": "C.UTF-8"], inputPath: inputPath, seconds: seconds)
}
