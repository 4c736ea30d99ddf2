// Words that must not stay: notes to ourselves, and paths of somebody's machine.
import Foundation

/// Banned words and paths.
enum TextRules {
    // Put together from halves, so that these lines do not break the rules themselves.
    private static let notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    private static let homes = ["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers"].map { "/\($0)/" }
    private static let passing = "tempo" + "rar"
    /// A temporary file is a thing; a temporary solution is a promise that nobody keeps.
    private static let things = ["file", "director", "folder", "name", "path"]

    static func checkNotes(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            var found = notes.filter { containsWord($0, in: line) }.map {
                Violation(file, index + 1, "\($0): do it, or describe it in GAPS.md")
            }
            if file.isProduct, let range = line.range(of: passing, options: .caseInsensitive) {
                let rest = line[range.upperBound...].drop { $0.isLetter }.dropFirst()
                if !things.contains(where: { rest.hasPrefix($0) }) {
                    found.append(Violation(file, index + 1, "\"\(passing)y\": say what is true now"))
                }
            }
            return found
        }
    }

    static func checkPaths(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            homes.filter { path in
                // Part of a longer path, as in `usr/home/`, or a URL, is no path of a machine.
                guard let range = line.range(of: path) else { return false }
                guard range.lowerBound > line.startIndex else { return true }
                let before = line[line.index(before: range.lowerBound)]
                return !before.isLetter && !before.isNumber && before != "." && before != "}" && before != "/"
            }
            .map { Violation(file, index + 1, "\($0)… is a path of one machine") }
        }
    }

    private static func containsWord(_ word: String, in line: String) -> Bool {
        guard let range = line.range(of: word) else { return false }
        let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
        let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
        return !before.isLetter && !after.isLetter && before != "_" && after != "_"
    }
}
