// A rule that cannot fail proves nothing: each is fed a text that breaks it, and one that does not.
import Testing

@Suite("Each rule of tidiness finds what breaks it")
struct RulesCanFailTests {
    private func source(_ text: String, at path: String = "Sources/Records/Sample.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test(
        "imports",
        arguments: [
            ("internal import Storage", true), ("package import Base", false), ("import Foundation", true),
            ("@testable import Broker", true), ("// import Storage", false),
            ("let text = \"\\nimport Storage\"", false),
            ("import struct Foundation.Data", true), ("internal import Compression", false),
        ])
    func imports(_ text: String, _ isBroken: Bool) {
        #expect(ImportRule.check(source(text)).isEmpty != isBroken)
    }

    @Test(
        "the engine over files is known to the composition root alone",
        arguments: [("Broker", true), ("BrokerStart", false)])
    func composition(_ name: String, _ isBroken: Bool) {
        let file = source("internal import LocalStorage", at: "Sources/Broker/\(name).swift")
        #expect(ImportRule.check(file).isEmpty != isBroken)
    }

    @Test(
        "administration knows error codes, and no messages",
        arguments: [
            ("internal import Protocol", true), ("internal import enum Protocol.ErrorCode", false),
            ("internal import struct Protocol.OffsetDeleteRequest", true), ("internal import Base", false),
        ])
    func narrowFolders(_ text: String, _ isBroken: Bool) {
        func isFound(in folder: String) -> Bool {
            !ImportRule.check(source(text, at: "Sources/Broker/\(folder)/Sample.swift")).isEmpty
        }
        #expect(isFound(in: "Administration") == isBroken)
        #expect(!isFound(in: "Handlers"))
    }

    @Test("a module without a row in the table is refused")
    func unknownModule() {
        #expect(ImportRule.check(source("import Base", at: "Sources/Nowhere/Sample.swift")).count == 1)
    }

    @Test(
        "layers of folders",
        arguments: [
            ("Disk", "let a: Ledger?", true), ("Segments", "let a: Ledger?", false),
            ("Recovery", "let a: Ledger?", false), ("Disk", "// a Ledger", false),
            ("Cellar", "let a = 1", true),
        ])
    func folderLayers(_ folder: String, _ text: String, _ isBroken: Bool) {
        let files = [
            source("final class Ledger {}", at: "Sources/LocalStorage/Segments/Ledger.swift"),
            source(text, at: "Sources/LocalStorage/\(folder)/Sample.swift"),
        ]
        #expect(FolderLayerRule(files: files).check().isEmpty != isBroken)
    }

    @Test("long files and lines")
    func longFiles() {
        let lines = String(repeating: "let a = 1\n", count: SizeRules.fileLinesMax)
        #expect(SizeRules.checkFile(source(lines)).isEmpty)
        #expect(SizeRules.checkFile(source(lines + "let b = 1\n")).count == 1)
        let line = String(repeating: "x", count: SizeRules.columnsMax)
        #expect(SizeRules.checkLines(source(line)).isEmpty)
        #expect(SizeRules.checkLines(source(line + "x")).count == 1)
    }

    @Test(
        "long functions, however they are written",
        arguments: [
            "func long() {", "init(a: Int = [1, 2].count) {",
            "mutating func long<T>(_ a: T) -> [T] where T: Sendable {",
            "func long(\n    a: () -> Void = { }\n) throws(WireError) {", "subscript(a: Int) -> Int {",
            "deinit {",
        ])
    func longFunctions(_ head: String) {
        let headLines = head.split(separator: "\n").count
        func text(_ lines: Int) -> String {
            let body = String(repeating: "    if \"}\".isEmpty { print(\"{\\(a)\") } // }\n", count: lines)
            return "struct S {\n\(head)\n\(body)}\n}\n"
        }
        #expect(SizeRules.checkFunctions(source(text(SizeRules.functionLinesMax - headLines - 1))).isEmpty)
        #expect(SizeRules.checkFunctions(source(text(SizeRules.functionLinesMax - headLines))).count == 1)
    }

    @Test("a protocol's requirements have no body that could be too long")
    func requirements() {
        let filler = String(repeating: "    var a: Int { get }\n", count: 80)
        let text = "protocol P {\n    func a() throws\n    init(b: Int)\n\(filler)}\n"
        #expect(SizeRules.checkFunctions(source(text)).isEmpty)
    }

    @Test(
        "doc comments",
        arguments: [
            ("package struct A {}", true), ("/// An A.\npackage struct A {}", false), ("struct A {}", false),
            ("/// An A.\n@frozen\npackage struct A {}", false), ("package import Base", false),
            ("/// An A.\npackage struct A {\n    package var b = 1\n}", false),
            ("/// An A.\npackage struct A {\n    package var b: Int { 1 }\n}", true),
            ("package let a = 1", true),
            (
                "/// An A.\npackage struct A {\n    package static func == (a: A, b: A) -> Bool { true }\n}",
                false
            ),
            ("    @inlinable package init() {}", true), ("    package private(set) var a = 1", true),
            ("// Plain comment.\npackage func a() {}", true),
            ("    @_lifetime(borrow a) package func b() {}", true),
            ("/// A P.\npackage protocol P {\n    func a()\n}", true),
            (
                "/// P.\npackage protocol P {\n    /// A.\n    func a()\n}\n"
                    + "extension Int: P {\n    package func a() {}\n}",
                false
            ),
        ])
    func docComments(_ text: String, _ isBroken: Bool) {
        let file = source(text)
        #expect(DocCommentRule(files: [file]).check(file).isEmpty != isBroken)
    }

    @Test("lists of fields need a comment at their types only")
    func fieldLists() {
        let file = source(
            "/// A.\npackage struct A {\n    package var b = 1\n}\npackage struct C {}",
            at: "Sources/Protocol/Messages/00_A.swift")
        #expect(DocCommentRule(files: [file]).check(file).map(\.line) == [5])
    }

    @Test(
        "notes and paths",
        arguments: [
            ("// TO" + "DO: later", true), ("// FIX" + "ME", true), ("let method = 1", false),
            ("// A tempo" + "rary solution.", true), ("// A tempo" + "rary file.", false),
            ("let a = \"/ho" + "me/me/data\"", true), ("let a = \"/var/lib/kafka\"", false),
            ("// see a/wo" + "rk/b", false),
        ])
    func texts(_ text: String, _ isBroken: Bool) {
        let file = source(text)
        #expect((TextRules.checkNotes(file) + TextRules.checkPaths(file)).isEmpty != isBroken)
    }

    @Test(
        "strings that identify",
        arguments: [
            ("var a: [String: Int] = [:]", true), ("let a: Set<String>", true),
            ("var a: [Name: String]", false),
            ("func a(_ groupID: String)", true), ("var topics: [String]?", true),
            ("var reason: String?", false),
            ("let a = PartitionsOnce<String, Int>()", true),
            ("_ fields: KeyValuePairs<String, String>", false), ("// Set<String>", false),
            ("func topic(named name: Name) -> String", false), ("case topic(Name)", false),
            ("func a(of memberID: String?, b: Int)", true),
        ])
    func names(_ text: String, _ isBroken: Bool) {
        #expect(NameRule.check(source(text)).isEmpty != isBroken)
    }

    @Test(
        "events without a limit",
        arguments: [
            ("logger.log(.info, \"known\")", 0), ("services.logger.log(\n    .info, \"other\", [:])", 2),
            ("logger.logLimited(.info, \"other\")", 1), ("// logger.log(.info, \"other\")", 1),
            ("logger.log(.info, name)\nlet a = \"known\"", 2),
            ("logger.log(a ? .info : .error, \"known\")", 0),
            ("try segment.log(mayWait: true)", 1),
        ])
    func logEvents(_ text: String, _ count: Int) {
        // A row that nothing needs is one thing too many.
        #expect(LogRule(files: [source(text)]).check(["known": "a reason"]).count == count)
    }

    @Test(
        "events that are spelled otherwise",
        arguments: [
            ("logger.log(.info, \"log_tail.cut\")", true), ("logger.log(.info, \"log.tail.cut\")", false),
            ("logger.logLimited(.info, \"topic.created\", [\"a\": \"b\"])", true),
            ("logger.logLimited(.info, \"topic.creation\", [\"a\": \"b\"])", false),
            ("logger.logLimited(\n    .info, \"accept-failed\",\n    [\"a\": \"b\"])", false),
            ("logger.log(.info, isLate ? \"wait.timed_out\" : \"wait-ended\", [:])", false),
            ("logger.log(.info, \"shard.not_loaded\")", true), ("logger.log(.info, \"Shard.loaded\")", false),
            ("func run(orWarn event: StaticString) {}\nrun(orWarn: \"segment_roll.failed\")", true),
            ("func run(orWarn event: StaticString) {}\nrun(orWarn: \"segment.roll.failed\")", false),
            ("run(orWarn: \"no event\")", true),
        ])
    func eventNames(_ text: String, _ isGood: Bool) {
        #expect(LogRule(files: [source(text)]).checkSpelling().isEmpty == isGood)
    }

    @Test(
        "loggers",
        arguments: [
            ("logger.log(.info, \"topic.created\")", ["topic"], 0),
            ("logger.log(.info, \"topic.created\")", ["topic", "log"], 1),
            ("logger.log(.info, \"log_tail.cut\")", ["log"], 2),
        ])
    func loggers(_ text: String, _ loggers: [String], _ count: Int) {
        #expect(LogRule(files: [source(text)]).checkLoggers(Set(loggers)).count == count)
    }

    @Test(
        "tests that stop without a word",
        arguments: [
            ("guard case .a = b else { return }", 1), ("guard\n        case .a = b\n    else { return }", 1),
            ("guard case .a = b else {\n        Issue.record()\n        return\n    }", 0),
            ("run {\n        guard case .a = b else { return }\n    }", 0),
            ("run()\n}\nfunc helper() {\n    guard case .a = b else { return }", 0),
        ])
    func silentReturns(_ body: String, _ count: Int) {
        let text = "@Test(\n    \"a sentence\", arguments: [1])\nfunc sentence() {\n    \(body)\n}\n"
        #expect(SilentReturnRule.check(source(text, at: "Tests/Sample/Sample.swift")).count == count)
    }

    @Test(
        "names that were replaced",
        arguments: [
            ("let gravel = 1", 0), ("let theGraveyard = 1", 1), ("// a doomed directory", 1),
            ("final class HomeCycles {}", 1), ("let surgery = Lock(())", 1), ("let graves: [Grave] = []", 2),
            ("// the directory is being deleted", 0),
        ])
    func terms(_ text: String, _ count: Int) {
        #expect(WordRule.check(source(text)).count == count)
        #expect(WordRule.check(SourceFile(path: "fixtures/sample.txt", text: text)).isEmpty)
    }

    @Test("API keys without a handler, gaps that are none, and unknown keys")
    func apiKeys() {
        let keys = SourceFile(
            path: "Sources/Protocol/APIKey.swift",
            text: "package enum APIKey: Int16 {\n    case produce = 0, fetch = 1\n    case metadata = 3\n}\n")
        let handler = SourceFile(
            path: "Sources/Broker/Handlers/00_Produce.swift", text: "enum ProduceHandler: FrameHandler {")
        let line = "        HandlerRow(ProduceHandler.self),\n"
        func found(_ gaps: String, table: String = line) -> [String] {
            let table = SourceFile(path: "Sources/Broker/HandlerTable.swift", text: table)
            let list = SourceFile(
                path: "GAPS.md", text: "# Gaps\n## Not served yet\n\(gaps)\n## Other\n- 9 is no key\n")
            return APIKeyRule(tree: SourceTree(files: [keys, handler, table, list])).check()
        }
        #expect(found("- 1 Fetch: soon\n- 3 Metadata: soon").isEmpty)
        #expect(found("- 1 Fetch: soon").count == 1)
        #expect(found("- 0 Produce: soon\n- 1 Fetch: soon\n- 3 Metadata: soon").count == 1)
        #expect(found("- 1 Fetch: soon\n- 3 Metadata: soon\n- 77 None: soon").count == 1)
        let gaps = "- 1 Fetch: soon\n- 3 Metadata: soon"
        #expect(found(gaps, table: "").count == 1)
        #expect(found(gaps, table: line + line).count == 1)
        #expect(found(gaps, table: line + "        HandlerRow(FetchHandler.self),\n").count == 1)
    }

    @Test("fields that are parsed and never read, and reasons that are none any more")
    func requestFields() {
        let message = source(
            """
            package struct AskRequest: RequestMessage {
                package var wanted = 0
                package var forgotten = 0
                package struct Part: Structure {
                    package var inner = 0
                }
            }
            package struct AskResponse: ReplyMessage {
                package var other = 0
            }
            """, at: "Sources/Protocol/Messages/07_Ask.swift")
        let handler = source(
            """
            func handle(_ request: AskRequest) {
                reply.forgotten = request.wanted  // request.forgotten
            }
            """, at: "Sources/Broker/Handlers/07_Ask.swift")
        let other = source("let inner = part.inner", at: "Sources/Broker/Other.swift")
        let rule = RequestFieldRule(tree: SourceTree(files: [message, handler, other]))
        typealias Unread = RequestFieldRule.Unread
        let forgotten = Unread(request: "AskRequest", field: "forgotten")
        let inner = Unread(request: "AskRequest", field: "inner")
        #expect(rule.unreadFields() == [forgotten, inner])
        #expect(rule.check([forgotten: "a reason", inner: "a reason"]).isEmpty)
        #expect(rule.check([forgotten: "a reason"]).count == 1)
        let read = Unread(request: "AskRequest", field: "wanted")
        #expect(rule.check([forgotten: "", inner: "", read: "not true any more"]).count == 1)
    }

    @Test("two files of one name in a module")
    func fileNames() {
        let one = source("", at: "Sources/Broker/Topics/Table.swift")
        let two = source("", at: "Sources/Broker/Configs/Table.swift")
        #expect(FileNameRule.check([one, two]).count == 1)
        #expect(FileNameRule.check([one, source("", at: "Sources/Base/Table.swift")]).isEmpty)
    }
}
