// ARCHITECTURE.md as a map: a newcomer must be able to trust it, so each path that its tables name exists and
// holds what they say.
import Foundation

/// Compares the tables of ARCHITECTURE.md with the tree.
struct MapRule {
    /// What the map is of: every folder in these, and the last three themselves.
    static let roots = ["Sources", "Tests", "fixtures", "Benchmarks", "docs"]
    /// Folders of folders, of which the tables' heads speak.
    static let heads: Set<String> = ["Sources", "Tests"]
    /// What can be added, in the words of the document.
    static let additions = [
        "An API.", "A configuration of the broker.", "A configuration of topics.", "A codec.", "An error.",
        "A record of a coordinator's state.", "A job of upkeep.", "A metric.",
    ]
    /// So many questions a newcomer has at least.
    static let questionsMin = 20

    let document: SourceFile
    /// The folders that there are, as paths.
    let folders: Set<String>
    /// The files that there are.
    let tree: SourceTree

    func check() -> [String] {
        checkFolders() + checkPlaces("Where is…?", atLeast: MapRule.questionsMin)
            + checkPlaces("Where to add…", atLeast: MapRule.additions.count) + checkAdditions()
    }

    // MARK: - The map of folders

    private func checkFolders() -> [String] {
        let mapped = rows(of: "The map of folders").compactMap { MapRule.quoted($0[0]).first }
        let twice = Dictionary(grouping: mapped) { $0 }.filter { $0.value.count > 1 }.keys
        let missing = folders.subtracting(mapped).subtracting(MapRule.heads)
        let gone = Set(mapped).subtracting(folders)
        return missing.sorted().map { "\($0): a folder without a row in the map of ARCHITECTURE.md" }
            + gone.sorted().map { "\($0): in the map of ARCHITECTURE.md, and no folder" }
            + twice.sorted().map { "\($0): twice in the map of ARCHITECTURE.md" }
    }

    // MARK: - Where things are

    private func checkPlaces(_ section: String, atLeast least: Int) -> [String] {
        let rows = rows(of: section)
        guard rows.count >= least else {
            return ["ARCHITECTURE.md: \"\(section)\" has \(rows.count) rows, of at least \(least)"]
        }
        return rows.compactMap { row in
            guard row.count == 3, let path = MapRule.quoted(row[1]).first,
                let word = MapRule.quoted(row[2]).first
            else { return "ARCHITECTURE.md: \(row.joined(separator: " | ")): what, where, which word" }
            guard let file = tree.file(path) else {
                return "\(path): ARCHITECTURE.md names it, and it is not there"
            }
            guard file.lines.contains(where: { $0.contains(word) }) else {
                return "\(path): ARCHITECTURE.md says that it holds \(word)"
            }
            return nil
        }
    }

    // MARK: - Where to add things

    private func checkAdditions() -> [String] {
        var found: [String] = []
        var parts: [(name: String, paths: Set<String>, counted: [String])] = []
        for line in lines(of: "Where to add…") {
            if line.hasPrefix("**"), let end = line.dropFirst(2).firstRange(of: "**") {
                parts.append(
                    (String(line[line.index(line.startIndex, offsetBy: 2)..<end.lowerBound]), [], []))
            } else if line.hasPrefix("Counted:"), !parts.isEmpty {
                parts[parts.count - 1].counted = MapRule.quoted(line)
            } else if line.hasPrefix("|"), !parts.isEmpty, let path = MapRule.path(in: line) {
                parts[parts.count - 1].paths.insert(path)
            }
        }
        if parts.map(\.name) != MapRule.additions {
            found.append("ARCHITECTURE.md: \"Where to add…\" is about \(parts.map(\.name))")
        }
        for part in parts {
            if part.paths.isEmpty { found.append("ARCHITECTURE.md: \(part.name) Where?") }
            guard !part.counted.isEmpty else { continue }
            let holders = Set(tree.files.filter { MapRule.holds($0, anyOf: part.counted) }.map(\.path))
            for path in holders.symmetricDifference(part.paths).sorted() {
                found.append(
                    holders.contains(path)
                        ? "\(path): one edit more than ARCHITECTURE.md has in \"\(part.name)\""
                        : "\(path): holds nothing that ARCHITECTURE.md counts in \"\(part.name)\"")
            }
        }
        return found
    }

    /// Whether the code of a file of the product has one of the words; those in quotes are literals.
    private static func holds(_ file: SourceFile, anyOf words: [String]) -> Bool {
        guard file.isProduct else { return false }
        return words.contains { word in
            (word.hasPrefix("\"") ? file.lines : file.code).contains { $0.contains(word) }
        }
    }

    // MARK: - Reading the document

    /// The lines below a heading, to the next one of its level.
    private func lines(of section: String) -> ArraySlice<String> {
        guard let start = document.lines.firstIndex(of: "## " + section) else { return [] }
        let rest = document.lines[(start + 1)...]
        return rest[..<(rest.firstIndex { $0.hasPrefix("## ") } ?? rest.endIndex)]
    }

    /// The cells of the rows that name a path or a word: heads and their lines do not.
    private func rows(of section: String) -> [[String]] {
        lines(of: section).filter { $0.hasPrefix("|") && $0.contains("`") }.map { line in
            line.split(separator: "|").map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
        }
    }

    private static func path(in row: String) -> String? {
        quoted(row).first { $0.hasPrefix("Sources/") }
    }

    /// What stands between back quotes.
    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
    }

    // MARK: - The folders that there are

    /// All folders below the roots that hold something, but what programs leave behind.
    static func folders(below root: URL) -> Set<String> {
        var found: Set<String> = []
        var open = roots
        while let folder = open.popLast() {
            let url = root.appending(path: folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
            if !names.isEmpty { found.insert(folder) }
            for name in names where !name.hasPrefix("__") {
                var isFolder: ObjCBool = false
                let path = folder + "/" + name
                _ = FileManager.default.fileExists(
                    atPath: root.appending(path: path).path, isDirectory: &isFolder)
                if isFolder.boolValue { open.append(path) }
            }
        }
        return found
    }
}
