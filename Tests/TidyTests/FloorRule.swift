// The engine over files is one module, and its folders are its floors: a file speaks of what stands on its
// own floor, or below.

/// Types of a higher floor are not named on a lower one.
struct FloorRule {
    /// The folders of a module, lowest first.
    static let floors: [String: [String]] = [
        "LocalStorage": [
            "Disk", "Formats", "Durability", "Segments", "Recovery", "Compaction", "Directory", "Upkeep",
            "Engine",
        ]
    ]
    private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias"]

    private let files: [SourceFile]
    /// Module, then type: the floor that it is declared on.
    private var declared: [String: [Substring: Int]] = [:]

    init(files: [SourceFile]) {
        self.files = files.filter { FloorRule.floors[$0.module] != nil }
        for file in self.files {
            guard let floor = FloorRule.floor(of: file) else { continue }
            for type in file.code.compactMap(FloorRule.declaration) {
                declared[file.module, default: [:]][type] = floor
            }
        }
    }

    func check() -> [Violation] { files.flatMap(check) }

    private func check(_ file: SourceFile) -> [Violation] {
        guard let floor = FloorRule.floor(of: file) else {
            return [Violation(file, 0, "the folder has no place among the floors of \(file.module)")]
        }
        let types = declared[file.module] ?? [:]
        return file.code.enumerated().flatMap { index, line in
            FloorRule.words(of: line).filter { types[$0] ?? 0 > floor }.map { type in
                Violation(file, index + 1, "\(type) stands on a floor above")
            }
        }
    }

    private static func floor(of file: SourceFile) -> Int? {
        let parts = file.path.split(separator: "/")
        guard parts.count > 3 else { return nil }
        return floors[file.module]?.firstIndex(of: String(parts[2]))
    }

    private static func words(of line: String) -> [Substring] {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    }

    /// The type that a line without indentation declares: those within others are known by them.
    private static func declaration(in line: String) -> Substring? {
        guard line.first?.isLetter == true else { return nil }
        let words = words(of: line)
        guard let kind = words.firstIndex(where: kinds.contains), kind + 1 < words.count else { return nil }
        return words[kind + 1]
    }
}
