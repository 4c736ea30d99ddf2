// A thing has the name that the field has for it, and everywhere the same. Names that were ours alone stand
// here, with what took their place, so that none of them comes back.
import Foundation

/// Looks for words and names that were replaced by terms of the field.
enum WordRule {
    /// The old word, in lower case, and the term; words of comments and of names.
    static let terms: [String: String] = [
        "graveyard": pendingDeletes, "grave": pendingDeletes, "graves": pendingDeletes,
        "bury": pendingDeletes,
        "buried": pendingDeletes,
        "surgery": "structure lock",
        "dealing": assignment, "dealt": assignment,
        "doomed": "deleted, or being deleted",
        "census": "connection counts",
        "voucher": "a known end of a log", "vouchers": "known ends of a log",
        "stranger": foreign, "strangers": foreign, "strange": foreign,
        "bell": "wake-up of the watchdog", "pulse": "heartbeat of a loop",
        "goodbye": "closing message", "goodbyes": "closing messages",
        "habits": "behaviour",
        "story": "scenario, transcript, or trace", "stories": "scenarios, transcripts, or traces",
        "polite": "well-behaved", "deed": "action", "deeds": "actions",
    ]
    private static let pendingDeletes = "pending deletes"
    private static let assignment = "balanced assignment"
    private static let foreign = "foreign (a file), unknown (a name)"

    /// Names whose words are good English by themselves.
    static let names: [String: String] = [
        "HomeCycles": "ReturnCycles", "bringHome": "giveBack", "LyingDisk": "FaultyDisk",
        "LyingFile": "FaultyFile",
        "MemoryMeans": "MemoryServices", "BehindQueue": "BackgroundQueue", "BehindLimits": "BackgroundLimits",
        "LoopSight": "LoopSample", "FloorRule": "FolderLayerRule",
    ]

    /// Where the old words have to be written.
    private static let exempt = ["Tests/TidyTests/WordRule.swift", "Tests/TidyTests/RulesCanFailTests.swift"]

    static func check(_ file: SourceFile) -> [Violation] {
        let isOurs = file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/")
        guard isOurs, !exempt.contains(file.path) else { return [] }
        return file.lines.enumerated().flatMap { index, line in
            words(of: line).compactMap { word in
                terms[word].map { Violation(file, index + 1, "\"\(word)\": the term is \($0)") }
            }
                + names.keys.sorted().filter(line.contains).map { name in
                    Violation(file, index + 1, "\(name): its name is \(names[name, default: ""])")
                }
        }
    }

    /// The words of a line in lower case; a name such as `pendingDeletes` is two.
    static func words(of line: String) -> [String] {
        var words: [String] = []
        var word = ""
        for character in line {
            if !character.isLetter || character.isUppercase && word.last?.isLowercase == true {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if character.isLetter { word.append(character) }
        }
        return word.isEmpty ? words : words + [word.lowercased()]
    }
}
