// The rules of documents, each fed a document that breaks it, and one that does not.
import Testing

@Suite("Each rule of documents finds what breaks it")
struct DocumentRulesTests {
    private func document(_ text: String, at path: String = "ARCHITECTURE.md") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test(
        "differences without a reason",
        arguments: [
            ("| A | b | c | d |", false), ("| A | b | c | |", true), ("| A | b | c |", true),
            ("| A | b | c | d | e |", true), ("| A | b \\| B | c | d |", false), ("- A line.", false),
            ("| Area | Kafka | Apus |\n|---|---|---|", true),
            ("| Area | Kafka | Apus | Why |\n|---|---|---|---|", false),
        ])
    func gaps(_ text: String, _ isBroken: Bool) {
        #expect(GapsRule.check(document(text, at: "GAPS.md")).isEmpty != isBroken)
    }

    @Test(
        "links that lead nowhere",
        arguments: [
            ("[rules](STYLE.md)", false), ("[rules](STILE.md)", true),
            ("# Where is…?\n[a](#where-is)", false),
            ("# Where is…?\n[a](#where-was)", true), ("[a](https://example.org/nowhere)", false),
            ("![a](docs/a.svg)", false), ("[a](STYLE.md) and [b](b.md)", true),
        ])
    func links(_ text: String, _ isBroken: Bool) {
        let found = LinkRule.check(document(text)) { ["STYLE.md", "docs/a.svg"].contains($0) }
        #expect(found.isEmpty != isBroken)
    }

    // MARK: - The map

    /// What a map that is true says; the arguments plant one false line each.
    private struct Map {
        var folders = ["Sources/Base", "fixtures"]
        var place = "`Sources/Base/Lock.swift` | `class Lock`"
        var addition = "`Sources/Base/Lock.swift` | `class Lock`"
        var counted = "`Lock`"
        var additions = MapRule.additions

        func check() -> [String] {
            let rows = folders.map { "| `\($0)` | something |\n" }.joined()
            let places = String(repeating: "| what | \(place) |\n", count: MapRule.questionsMin)
            let sections = additions.map { "**\($0)** How.\n\n| an edit | \(addition) |\n" }.joined(
                separator: "\n")
            let text =
                "# Map\n## The map of folders\n\(rows)\n## Where is…?\n\(places)\n"
                + "## Where to add…\n\(sections)\nCounted: \(counted)\n## Other\n| `a` |\n"
            let lock = SourceFile(path: "Sources/Base/Lock.swift", text: "final class Lock {}\n")
            let clock = SourceFile(
                path: "Sources/Base/Time.swift", text: "struct Time { var text = \"Lock\" }\n")
            return MapRule(
                document: SourceFile(path: "ARCHITECTURE.md", text: text),
                folders: ["Sources", "Sources/Base", "fixtures"], tree: SourceTree(files: [lock, clock])
            ).check()
        }
    }

    @Test("a map that is true")
    func trueMap() { #expect(Map().check().isEmpty) }

    @Test("a folder without a row, a row without a folder, and one that is twice there")
    func folders() {
        #expect(Map(folders: ["Sources/Base"]).check().count == 1)
        #expect(Map(folders: ["Sources/Base", "fixtures", "Sources/Attic"]).check().count == 1)
        #expect(Map(folders: ["Sources/Base", "fixtures", "fixtures"]).check().count == 1)
    }

    @Test(
        "places that are not there, or hold something else",
        arguments: [
            "`Sources/Base/Latch.swift` | `class Lock`", "`Sources/Base/Lock.swift` | `class Latch`",
            "`Sources/Base/Lock.swift` |", "Sources/Base/Lock.swift | `class Lock`",
        ])
    func places(_ row: String) {
        #expect(Map(place: row).check().count == MapRule.questionsMin)
        #expect(!Map(addition: row).check().isEmpty)
    }

    @Test("edits more and fewer than the document counts, and things whose edits it does not list")
    func additions() {
        // Only strings and comments of the other file have the word.
        #expect(Map(counted: "`Lock`, `Time`").check().count == 1)
        #expect(Map(counted: "`\"Lock\"`").check().count == 2)
        #expect(Map(additions: Array(MapRule.additions.dropLast())).check().count == 2)
    }
}
