// What a peer can bring about, it can bring about a hundred thousand times: such events are logged with
// `logLimited`. Those that are not limited stand in a table, each with what bounds it. And all are spelled
// alike, and belong to a logger whose level can be changed.
import Foundation

/// Compares the events that are logged without a limit with the table of those that may be, and looks how
/// events are spelled.
struct LogRule {
    /// The events that need no limit, and why.
    static let unlimited: [String: String] = [
        "broker.started": start, "broker.signalled": stop,
        "broker.stopped": stop, "clean_stop.failed": stop, "broker.stopping": stop,
        "checkpoint.damaged": start, "compaction.completed": opening,
        "compaction.failed": "compaction rests for a minute after it",
        "config.not_recognized": start, "config.ignored": start,
        "directory.taken_offline": disk, "foreign_files.found": start,
        "disk.filled_up": start, "disk.freed": "once for each start",
        "index.damaged": "once for each log",
        "journal.damaged": start, "journal.found": start, "journal.frozen": disk, "journal.kept": start,
        "journal.passed_over": start, "journal.replayed": opening,
        "journal.not_created": "it is tried again after a while only",
        "leader_epochs.raised": start,
        "backlog.cut": start, "connection_limit.lowered": start, "request_limit.lowered": start,
        "listener.advertised": "once for the broker",
        "log_close.failed": stop, "leader_epochs.rebuilt": opening, "log_note.contradicted": opening,
        "log.taken_offline": "once for each log that a disk fails", "segment.converted": opening,
        "segment.cut": opening, "suspect_log.not_marked": "once for each log that a disk fails",
        "log_tail.cut": opening, "transaction_index.rebuilt": opening,
        "metadata_snapshot.failed": "it is tried again after a while only", "metadata.ignored": start,
        "deleted_partition.kept": start, "partition.given_up": opening, "partition.taken_offline": opening,
        "stray_partition.found": start, "stray_partition.deleted": opening, "partitions.opened": start,
        "quota.ignored": "once for the broker", "user.ignored": "once for the broker",
        "recovery.syncing": start,
    ]
    private static let start = "at a start, once"
    private static let stop = "at a stop, once, or once for each log"
    private static let opening = "when a log that a former run left is opened: once for each"
    private static let disk = "once for each data directory that fails"

    private let files: [SourceFile]

    init(files: [SourceFile]) { self.files = files }

    func check(_ table: [String: String] = Self.unlimited) -> [String] {
        let found = files.flatMap(Self.events)
        return found.filter { $0.event.map { table[$0] == nil } ?? true }.map { file, line, event in
            "\(file.path):\(line): \(event ?? "an event without a name of its own") is logged without a "
                + "limit: use logLimited, or say in LogRule what bounds it"
        }
            + Set(table.keys).subtracting(found.compactMap(\.event)).sorted().map {
                "\($0) is limited, or gone: its row in LogRule is not true any more"
            }
    }

    /// Events are `noun.verb`, as in `journal_entry.passed_over`: what, and what became of it.
    func checkSpelling() -> [Violation] {
        files.flatMap { file in
            Self.names(in: file).filter { !Self.isNounAndVerb($0.event) }.map {
                Violation(file, $0.line, "the event \($0.event) is not spelled noun.verb, as in log_tail.cut")
            }
        }
    }

    /// Each noun of an event is a logger of the broker, and no other name is: `loggers` are those that it
    /// lists.
    func checkLoggers(_ loggers: Set<String> = Self.loggers) -> [String] {
        let nouns = Set(files.flatMap(Self.names).map { String($0.event.prefix { $0 != "." }) })
        return nouns.subtracting(loggers).sorted().map { "the events of \($0) have no logger" }
            + loggers.subtracting(nouns).sorted().map { "the logger \($0) has no events" }
    }

    /// What `BrokerLoggers.components` lists.
    static var loggers: Set<String> {
        let file = SourceTree.productFiles.first { $0.path.hasSuffix("/BrokerLoggers.swift") }
        let list = file?.lines.drop { !$0.contains("static let components") }.dropFirst().prefix {
            $0 != "    ]"
        }
        return Set(
            (list ?? []).flatMap { line in
                line.split(separator: "\"").filter { $0.allSatisfy { $0.isLetter || $0 == "_" } }.map(
                    String.init)
            })
    }

    /// Participles that do not end as most do.
    private static let irregular: Set<Substring> = [
        "cut", "found", "frozen", "given", "kept", "rebuilt", "stuck", "taken", "written",
    ]

    private static func isNounAndVerb(_ event: String) -> Bool {
        let parts = event.split(separator: ".", omittingEmptySubsequences: false)
            .map { $0.split(separator: "_", omittingEmptySubsequences: false) }
        let isPlain = parts.joined().allSatisfy { word in
            !word.isEmpty && word.allSatisfy { $0.isASCII && $0.isLowercase }
        }
        guard isPlain, parts.count == 2, let verb = parts[1].first(where: { $0 != "not" }) else {
            return false
        }
        return verb.hasSuffix("ed") || verb.hasSuffix("ing") || irregular.contains(verb)
    }

    /// The names of events in a file: literals in calls of the logger, and arguments for parameters that name
    /// an event.
    private static func names(in file: SourceFile) -> [(event: String, line: Int)] {
        var starts = ["logger.log(", "logger.logLimited("]
        for line in file.code {
            guard let type = line.range(of: ": StaticString"), !file.path.hasSuffix("/Logger.swift") else {
                continue
            }
            let words = line[..<type.lowerBound].split { !$0.isLetter }
            if words.count > 1 { starts.append("\(words[words.count - 2]): ") }
        }
        return file.code.enumerated().flatMap { index, line in
            starts.flatMap { start -> [(event: String, line: Int)] in
                guard let place = line.range(of: start) else { return [] }
                let column = line.distance(from: line.startIndex, to: place.upperBound)
                let rest =
                    String(file.lines[index].dropFirst(column)) + "\n"
                    + file.lines.dropFirst(index + 1).prefix(2).joined(separator: "\n")
                // Fields begin with a bracket, and whatever follows the call with its end.
                let isCall = start.hasSuffix("(")
                let call =
                    isCall ? rest.prefix { $0 != "[" && $0 != ")" } : rest.prefix { $0 != "\n" && $0 != ")" }
                let literals = call.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                return literals.filter { !$0.offset.isMultiple(of: 2) }.map {
                    (String($0.element), index + 1)
                }
            }
        }
    }

    /// The events that a file logs without a limit; nil for one that is not named on the spot.
    private static func events(in file: SourceFile) -> [(file: SourceFile, line: Int, event: String?)] {
        let call = "logger.log("
        return file.code.enumerated().compactMap { index, line in
            guard let place = line.range(of: call) else { return nil }
            let column = line.distance(from: line.startIndex, to: place.upperBound)
            // The name may stand on the next line.
            let rest =
                String(file.lines[index].dropFirst(column)) + "\n"
                + file.lines.dropFirst(index + 1).prefix(2).joined(separator: "\n")
            let parts = rest.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
            let isNamed = parts.count == 3 && !parts[0].contains(")")
            return (file, index + 1, isNamed ? String(parts[1]) : nil)
        }
    }
}
