// Properties files, against what java.util.Properties made of the same bytes.
import Base
import Foundation
import TestSupport
import Testing

@Suite("properties files")
struct PropertiesTests {
    @Test("1,160 texts are read as Java reads them: entries in order, or refused")
    func vectors() throws {
        let vectors = try Fixture.objects("configurations/properties.jsonl.gz")
        #expect(vectors.count > 1000)
        for vector in vectors {
            let hex = try #require(vector["bytes"]?.text)
            let bytes = bytes(hex: hex)
            let expected = vector["entries"].map(Self.entries)
            let actual = try? Properties.parse(bytes).map { [$0.key, $0.value] }
            #expect(actual == expected, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    @Test(
        "what no four digits follow is named with the line of its entry",
        arguments: [("a=1\nb=\\u00", 2), ("\\u12x4=1", 1), ("# c\n\na=\\\n  \\uzzzz\nb=1", 3)])
    func malformed(_ text: String, _ line: Int) {
        let error = #expect(throws: Properties.Malformed.self) { _ = try Properties.parse(Array(text.utf8)) }
        #expect(error == .unicodeEscape(line: line))
    }

    private static func entries(_ list: JSONValue) -> [[String]] {
        list.elements.map { pair in pair.elements.map { text($0.text ?? "") } }
    }

    /// A text from its UTF-16 code units.
    private static func text(_ hex: String) -> String {
        let bytes = bytes(hex: hex)
        return String(
            decoding: stride(from: 0, to: bytes.count, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }, as: UTF16.self)
    }
}
