// Runs a table of command lines against two brokers, and compares what the tools say.
import Base
import Foundation
import TestSupport
import Testing

/// How a tool ended at one broker.
struct ToolOutcome: Decodable {
    let exit: Int?
    let out: String
    let err: String
}

/// What came of one row.
struct ToolResult {
    let row: ToolRow
    let milliseconds: Int
    /// Apus first.
    let outcomes: [ToolOutcome]

    /// What the tool said of each broker, without what rightly differs.
    var comparable: [[String]] { outcomes.map { lines($0, allowing: row.allowed) } }

    /// Whether both said the same; of what still runs, nobody knows how far it is.
    var isSame: Bool { row.kind == .lasts || (comparable[0] == comparable[1] && hasWhatIsAwaited) }

    private var hasWhatIsAwaited: Bool {
        guard let awaited = row.awaited else { return true }
        return outcomes.allSatisfy { $0.out.range(of: awaited, options: .regularExpression) != nil }
    }

    /// Allowed differences without which both say the same too.
    var unusedAllowances: [AllowedLines] {
        row.allowed.filter { allowance in
            let others = row.allowed.filter { $0.pattern != allowance.pattern }
            return lines(outcomes[0], allowing: others) == lines(outcomes[1], allowing: others)
        }
    }

    private func lines(_ outcome: ToolOutcome, allowing allowed: [AllowedLines]) -> [String] {
        func lines(_ text: String) -> [String] {
            let lines = ToolMask.lines(text, measures: row.measures).filter { line in
                !allowed.contains { $0.matches(line) }
            }
            return row.isUnordered ? lines.sorted() : lines
        }
        let exit = outcome.exit.map { "exit \($0)" } ?? "still runs"
        return [exit] + lines(outcome.out) + ["-- errors"] + lines(outcome.err)
    }
}

/// What differs from run to run: ids, times, widths of columns.
enum ToolMask {
    private static let replacements: [(pattern: String, text: String)] = [
        ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        // Members of consumer groups choose their ids.
        ("(?<= )[A-Za-z0-9_-]{22}(?= +/127)", "MEMBER"),
        ("(TopicId: |Cluster ID: |ClusterId: +|config for )[A-Za-z0-9_-]{22}", "$1ID"),
        ("\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[.,:]\\d+Z?", "TIME"),
        // When a transaction began, and how long ago that is.
        ("((Ongoing|Complete(Commit|Abort))[ \\t]+\\d+[ \\t]+)1[6-9]\\d{11}[ \\t]+\\d+", "$1TIME DURATION"),
        ("\\b1[6-9]\\d{11}\\b", "TIME"),
        ("adminclient-\\d+", "adminclient-N"),
        ("[^\"\\s]*/apus-test-[0-9A-F-]{36}/(data|[^/\\s\"]*/data)", "DATA"),
        ("(127\\.0\\.0\\.1|localhost) +\\d{5}\\b", "HOST PORT"),
        // Kafka writes it down for all brokers when a cluster is formatted (GAPS.md).
        (" *min\\.insync\\.replicas=1 sensitive=.*", ""),
        ("min\\.insync\\.replicas=1(?!\\d),?", ""),
        ("[ \\t]+", " "),
    ]
    private static let numbers = ("\\d+(\\.\\d+)?", "N")

    /// The lines that say something.
    static func lines(_ text: String, measures: Bool) -> [String] {
        var text = text
        for (pattern, replacement) in replacements + (measures ? [numbers] : []) {
            text = text.replacingOccurrences(
                of: pattern, with: replacement, options: .regularExpression)
        }
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { line in
            // Where in the tool an error came up.
            !line.isEmpty && !line.hasPrefix("at ") && !line.hasPrefix("... ")
        }
    }
}

/// Runs tables.
struct ToolRun {
    /// Apus first.
    let ports: [Int]

    /// What comes of `rows`, in one process.
    func results(of rows: [ToolRow]) async throws -> [ToolResult] {
        let scratch = Scratch()
        let path = scratch.path + "/table.json"
        try JSONSerialization.data(withJSONObject: try rows.map(json)).write(to: URL(filePath: path))
        let folder = try #require(TestEnvironment.oracle)
        let command = try RunningCommand(
            [
                "java", "-Xmx384M", "-XX:TieredStopAtLevel=1",
                "-Dlog4j2.configurationFile=\(folder)/log4j2-tools.properties", "-cp",
                TestEnvironment.javaClassPath, TestEnvironment.clients + "/ToolRuns.java", path,
                scratch.path + "/files",
            ] + ports.map(String.init), outputPath: scratch.path + "/output")
        let status = try await command.wait(seconds: 240)
        let lines = command.output.split(separator: "\n").filter { $0.hasPrefix("{\"ms\"") }
        guard status == 0, lines.count == rows.count else {
            throw CommandError.failed(words: ["ToolRuns"], status: status, output: command.output)
        }
        return try zip(rows, lines).map { row, line in
            let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
            return ToolResult(row: row, milliseconds: answer.ms, outcomes: answer.outcomes)
        }
    }

    private struct Answer: Decodable {
        let ms: Int
        let outcomes: [ToolOutcome]
    }

    private func json(_ row: ToolRow) throws -> [String: Any] {
        [
            "main": try #require(ToolScripts.classes[row.script], "\(row.script)"), "words": row.words,
            "input": row.input, "files": row.files, "reads": row.kind == .reads || row.kind == .ends,
            "lasts": row.kind == .lasts, "ends": row.kind == .ends, "awaited": row.awaited ?? "",
        ]
    }
}

/// Kafka's scripts, and the class that each of them runs.
enum ToolScripts {
    /// Read from the list beside Kafka's jars.
    static let classes: [String: String] = {
        guard let folder = TestEnvironment.oracle,
            let list = try? String(contentsOfFile: folder + "/tools.txt", encoding: .utf8)
        else { return [:] }
        let pairs = list.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let columns = line.split(separator: "\t")
            let simple = String(columns[0].split(separator: ".").last ?? "")
            let word = columns[1].split(separator: " ").first ?? ""
            let name = word.hasPrefix("none") ? simple : String(word.replacing(".sh", with: ""))
            return (name, String(columns[0]))
        }
        return Dictionary(pairs) { first, _ in first }
    }()

    /// Those without a row, each with the reason.
    static let leftOut: [String: String] = [
        "kafka-console-share-consumer": "share groups are not served",
        "kafka-share-groups": "share groups are not served",
        "kafka-share-consumer-perf-test": "share groups are not served",
        "kafka-verifiable-share-consumer": "share groups are not served",
        "kafka-streams-groups": "streams groups are not served",
        "kafka-delegation-tokens": "needs SASL",
        "OAuthCompatibilityTool": "needs SASL",
        "kafka-dump-log": "reads files, without a broker",
        "kafka-jmx": "asks a Java process, not a broker",
        "connect-plugin-path": "reads files, without a broker",
        "kafka-storage": "makes a directory, without a broker",
        "kafka-server-start": "is the broker",
        "LogCompactionTester": "takes minutes; compaction has its own comparison",
    ]
}
