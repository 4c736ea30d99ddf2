// Long courses of classic groups as transcripts: `fixtures/scenarios/classic/*.txt` hold the calls of a
// script and, indented below each, what it must lead to. `UPDATE_FIXTURES=1` writes what it leads to instead;
// the difference is then read by a person.
import Foundation
import Testing

@testable import Coordinator

@Suite struct TranscriptTests {
    static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/fixtures/scenarios/classic"
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".txt") }.sorted()
    static let updates = ProcessInfo.processInfo.environment["UPDATE_FIXTURES"] == "1"

    @Test("a classic group does what its transcript says", arguments: names)
    func transcript(_ name: String) throws {
        let path = "\(Self.folder)/\(name)"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        let played = try Self.play(text)
        if Self.updates {
            try played.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            for (line, (expected, found)) in zip(lines(text), lines(played)).enumerated()
            where expected != found {
                Issue.record("\(name):\(line + 1): '\(found)' instead of '\(expected)'")
                return
            }
            #expect(lines(text).count == lines(played).count, "\(name) is longer or shorter than its play")
        }
    }

    @Test("a changed transcript is noticed")
    func planted() throws {
        let script = "join a\n  someone else\n"
        #expect(try Self.play(script) != script)
        #expect(!Self.names.isEmpty)
    }

    private func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The script of a transcript with what it leads to.
    private static func play(_ text: String) throws -> String {
        var stage = Stage()
        var played: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  ") { continue }
            played.append(String(line))
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            played += try stage.run(String(line)).map { "  " + $0 }
        }
        return played.joined(separator: "\n")
    }
}
