// The engine over files is one module, and its folders are its layers: a file speaks of what is in its
// own layer, or below.

/// Types of a higher layer are not named in a lower one.
struct FolderLayerRule {
    /// The folders of a module, lowest first.
    static let layers: [String: [String]] = [
        "LocalStorage": [
            "Disk", "Formats", "Durability", "Segments", "Recovery", "Compaction", "Directory", "Upkeep",
            "Engine",
        ]
    ]
    private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias"]

    private let files: [SourceFile]
    /// Module, then type: the layer that it is declared in.
    private var declared: [String: [Substring: Int]] = [:]

    init(files: [SourceFile]) {
        self.files = files.filter { FolderLayerRule.layers[$0.module] != nil }
        for file in self.files {
            guard let layer = FolderLayerRule.layer(of: file) else { continue }
            for type in file.code.compactMap(FolderLayerRule.declaration) {
                declared[file.module, default: [:]][type] = layer
            }
        }
    }

    func check() -> [Violation] { files.flatMap(check) }

    private func check(_ file: SourceFile) -> [Violation] {
        guard let layer = FolderLayerRule.layer(of: file) else {
            return [Violation(file, 0, "the folder has no place among the layers of \(file.module)")]
        }
        let types = declared[file.module] ?? [:]
        return file.code.enumerated().flatMap { index, line in
            FolderLayerRule.words(of: line).filter { types[$0] ?? 0 > layer }.map { type in
                Violation(file, index + 1, "\(type) is of a layer above")
            }
        }
    }

    private static func layer(of file: SourceFile) -> Int? {
        let parts = file.path.split(separator: "/")
        guard parts.count > 3 else { return nil }
        return layers[file.module]?.firstIndex(of: String(parts[2]))
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
