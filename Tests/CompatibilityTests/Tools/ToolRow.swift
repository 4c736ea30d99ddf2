// One command line of one of Kafka's tools, to two brokers in the same state.
import Foundation

/// A row of the tables of command lines.
struct ToolRow: Sendable {
    /// What a command line is about.
    enum Kind: Sendable {
        /// Changes something.
        case acts
        /// Only tells of what there is, so that it may be asked again until the news have come around.
        case reads
        /// Runs beside what follows, until a row that ends it.
        case lasts
        /// Reads, once all that runs beside has ended.
        case ends
    }

    /// The script's name and its words; `@` is the address of the broker, which otherwise comes first, unless
    /// it is an option's alone (`ADDRESS`).
    let command: String
    let kind: Kind
    /// What the tool reads from the console.
    var input = ""
    /// What stands in files, by name; their names follow `FOLDER/` in the command.
    var files: [String: String] = [:]
    /// Lines that rightly differ.
    var allowed: [AllowedLines] = []
    /// Whether numbers are measurements.
    var measures = false
    /// Whether lines come in an order of hashes.
    var isUnordered = false
    /// What stands in all that is printed once what runs beside is so far, as a regular expression: two
    /// brokers of which the tool has nothing to tell yet say the same too.
    var awaited: String?

    /// A command that changes something.
    static func acts(_ command: String, allowed: [AllowedLines] = []) -> ToolRow {
        ToolRow(command: command, kind: .acts, allowed: allowed)
    }

    /// A command that tells of something.
    static func reads(_ command: String, allowed: [AllowedLines] = []) -> ToolRow {
        ToolRow(command: command, kind: .reads, allowed: allowed)
    }

    /// A command that tells of something as soon as what runs beside it is so far.
    static func reads(_ command: String, awaiting awaited: String) -> ToolRow {
        ToolRow(command: command, kind: .reads, awaited: awaited)
    }

    /// A command that tells of something once nothing runs beside it any more.
    static func ends(_ command: String) -> ToolRow { ToolRow(command: command, kind: .ends) }

    /// The same row with other properties.
    func with(_ change: (inout ToolRow) -> Void) -> ToolRow {
        var row = self
        change(&row)
        return row
    }

    /// The script's name.
    var script: String { String(command.prefix { $0 != " " }) }

    /// The words behind the script's name; those in single quotes hold together.
    var words: [String] {
        var words: [String] = []
        for (index, part) in command.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index % 2 == 1 {
                words.append(String(part))
            } else {
                words += part.split(separator: " ").map(String.init)
            }
        }
        words.removeFirst()
        let address = ["--bootstrap-server", "ADDRESS"]
        guard let place = words.firstIndex(of: "@") else {
            return words.contains("ADDRESS") ? words : address + words
        }
        return Array(words[..<place]) + address + words[(place + 1)...]
    }
}

/// Lines of what a tool prints that one broker may have and the other not.
struct AllowedLines: Sendable {
    /// A regular expression for the whole line.
    let pattern: String
    let reason: String

    init(_ pattern: String, _ reason: String) {
        self.pattern = pattern
        self.reason = reason
    }

    /// Whether a line is one of these.
    func matches(_ line: String) -> Bool {
        line.range(of: "^(?:\(pattern))$", options: .regularExpression) != nil
    }
}
