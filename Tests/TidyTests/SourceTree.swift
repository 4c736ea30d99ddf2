// What the rules read: every text file of the repository, found from this file's own place in it.
import Foundation
import Testing

/// One text file of the repository.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// The path below the repository's root, such as `Sources/Base/Lock.swift`.
    let path: String
    /// The lines as written.
    let lines: [String]
    /// The same lines with the contents of comments and string literals blanked out: what the compiler acts
    /// on.
    let code: [String]

    var testDescription: String { path }
    /// `Base` for `Sources/Base/Lock.swift`; empty outside of `Sources` and `Tests`.
    var module: String {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return "" }
        return String(parts[1])
    }
    var name: String { String(path.split(separator: "/").last ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isProduct: Bool { path.hasPrefix("Sources/") && isSwift }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = path.hasSuffix(".swift") ? CodeScanner.blanked(text) : lines
    }
}

/// The repository as the rules see it.
struct SourceTree: Sendable {
    let files: [SourceFile]

    /// The tree that this test was built from, read once.
    static let repository = SourceTree(root: root)
    /// Its Swift files.
    static let swiftFiles = repository.files.filter(\.isSwift)
    /// What is written for people.
    static let documents = repository.files.filter { $0.path.hasSuffix(".md") }
    /// The Swift files of the product.
    static let productFiles = repository.files.filter(\.isProduct)

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let skippedFolders: Set<String> = [
        ".build", ".git", ".venv", ".tools", "fixtures", "data",
    ]
    private static let readTypes: Set<String> = [
        "swift", "md", "py", "java", "sh", "c", "h", "txt", "modulemap",
    ]

    init(files: [SourceFile]) { self.files = files }

    init(root: URL) {
        var files: [SourceFile] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let url = root.appending(path: folder)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
            for name in names.sorted() where !SourceTree.skippedFolders.contains(name) {
                let path = folder.isEmpty ? name : folder + "/" + name
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(
                    atPath: root.appending(path: path).path, isDirectory: &isFolder)
                if isFolder.boolValue {
                    folders.append(path)
                } else if let text = SourceTree.text(of: name, at: root.appending(path: path)) {
                    files.append(SourceFile(path: path, text: text))
                }
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    private static func text(of name: String, at url: URL) -> String? {
        let type = name.split(separator: ".").last.map(String.init) ?? ""
        guard readTypes.contains(type) || name == "Makefile" || name == "run" else { return nil }
        return try? String(contentsOf: url, encoding: .utf8)
    }
}
