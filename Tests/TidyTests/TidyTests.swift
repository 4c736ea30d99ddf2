// The house rules as tests: `make check` runs them, and a failure says where and what to do.
import Foundation
import Testing

@Suite("The source tree is tidy")
struct TidyTests {
    @Test("imports point downwards", arguments: SourceTree.productFiles)
    func imports(_ file: SourceFile) {
        let found = ImportRule.check(file)
        expectNone(found.map(\.description))
    }

    @Test(
        "a file fits one sitting, its functions one screen, its lines one window",
        arguments: SourceTree.swiftFiles)
    func sizes(_ file: SourceFile) {
        let found = SizeRules.checkFile(file) + SizeRules.checkFunctions(file) + SizeRules.checkLines(file)
        expectNone(found.map(\.description))
    }

    @Test("what another module sees has a doc comment")
    func docComments() {
        let rule = DocCommentRule(files: SourceTree.productFiles)
        let found = SourceTree.productFiles.flatMap(rule.check)
        expectNone(found.map(\.description))
    }

    @Test("what identifies is a name and no string", arguments: SourceTree.productFiles)
    func names(_ file: SourceFile) {
        expectNone(NameRule.check(file).map(\.description))
    }

    @Test("what peers can bring about is logged with a limit")
    func logEvents() {
        expectNone(LogRule(files: SourceTree.productFiles).check())
    }

    @Test("events of the log are spelled noun.verb")
    func eventNames() {
        expectNone(LogRule(files: SourceTree.productFiles).checkSpelling().map(\.description))
    }

    @Test("every event of the log has a logger, and every logger has events")
    func loggers() {
        expectNone(LogRule(files: SourceTree.productFiles).checkLoggers())
    }

    @Test("no test passes because it stops early", arguments: SourceTree.swiftFiles)
    func silentReturns(_ file: SourceFile) {
        expectNone(SilentReturnRule.check(file).map(\.description))
    }

    @Test("terms of the field have no other names beside them")
    func terms() {
        expectNone(SourceTree.repository.files.flatMap(WordRule.check).map(\.description))
    }

    @Test("no notes to ourselves and no paths of a machine", arguments: SourceTree.repository.files)
    func texts(_ file: SourceFile) {
        let found = TextRules.checkNotes(file) + TextRules.checkPaths(file)
        expectNone(found.map(\.description))
    }

    @Test("every API key has a handler or a line in GAPS.md")
    func apiKeys() {
        let found = APIKeyRule(tree: SourceTree.repository).check()
        expectNone(found)
    }

    @Test("every known difference is told with its reason")
    func gaps() throws {
        let gaps = try #require(SourceTree.repository.file("GAPS.md"))
        expectNone(GapsRule.check(gaps).map(\.description))
    }

    @Test("the map in ARCHITECTURE.md is true: folders, where things are, and which edits a new one takes")
    func map() throws {
        let document = try #require(SourceTree.repository.file("ARCHITECTURE.md"))
        let rule = MapRule(
            document: document, folders: MapRule.folders(below: SourceTree.root), tree: .repository)
        expectNone(rule.check())
    }

    @Test("links between documents lead somewhere", arguments: SourceTree.documents)
    func links(_ file: SourceFile) {
        let found = LinkRule.check(file) { path in
            FileManager.default.fileExists(atPath: SourceTree.root.appending(path: path).path)
        }
        expectNone(found.map(\.description))
    }

    @Test("every field of a served request is read, or the reason why not is given")
    func requestFields() {
        let found = RequestFieldRule(tree: SourceTree.repository).check()
        expectNone(found)
    }

    @Test("a folder of an engine speaks of none above it")
    func layers() {
        expectNone(FolderLayerRule(files: SourceTree.productFiles).check().map(\.description))
    }

    @Test("file names are unique within a module")
    func fileNames() {
        let found = FileNameRule.check(SourceTree.swiftFiles)
        expectNone(found.map(\.description))
    }
}

/// Fails with one line for each thing that was found.
private func expectNone(_ found: [String], at location: SourceLocation = #_sourceLocation) {
    guard !found.isEmpty else { return }
    Issue.record("\(found.joined(separator: "\n"))", sourceLocation: location)
}

/// The compiler wants unique names within a module, and a reader wants to find a file by its name.
enum FileNameRule {
    static func check(_ files: [SourceFile]) -> [Violation] {
        Dictionary(grouping: files.filter { !$0.module.isEmpty }) { "\($0.module)/\($0.name)" }
            .values.filter { $0.count > 1 }
            .flatMap { twins in
                twins.dropFirst().map { Violation($0, 0, "\(twins[0].path) has the same name") }
            }
    }
}
