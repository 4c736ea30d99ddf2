import Base
import Testing

@Suite("Names are their bytes")
struct NameTests {
    /// Pairs that Swift's strings take for one.
    static let equivalent: [(Name, Name)] = [
        ("caf\u{e9}", "cafe\u{301}"), ("K", "\u{212a}"), (";", "\u{37e}"), ("\u{c5}", "\u{212b}"),
        ("a\u{301}\u{323}", "a\u{323}\u{301}"), ("\u{ac00}", "\u{1100}\u{1161}"),
        ("a name of more than fifteen bytes: \u{e9}", "a name of more than fifteen bytes: e\u{301}"),
    ]

    @Test("texts that are canonically equivalent are two names", arguments: equivalent)
    func equivalence(_ one: Name, _ other: Name) {
        #expect(one.text == other.text, "the pair shows nothing")
        #expect(one != other)
        #expect(Set([one, other]).count == 2)
        #expect([one: 1, other: 2][one] == 1)
        #expect((one < other) != (other < one))
    }

    /// Another string of the same bytes.
    private func copy(_ name: Name) -> Name { Name(String(decoding: Array(name.utf8), as: UTF8.self)) }

    private static func random(_ seed: Int) -> Name {
        var generator = SystemRandomNumberGenerator()
        let scalars: [Unicode.Scalar] = [
            "a", "b", "Z", "0", "-", "\u{301}", "e", "\u{e9}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}",
            "\u{fffd}", "\u{ffff}", "\u{10000}", "\u{1f600}", "\u{10ffff}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<(seed % 20) { text.append(scalars.randomElement(using: &generator) ?? "a") }
        return Name(String(text))
    }

    @Test("equality, hash and order follow from the bytes, and order is Java's", arguments: 0..<500)
    func againstBytes(_ seed: Int) {
        let (one, other) = (Self.random(seed), Self.random(seed &* 7))
        #expect((one == other) == one.utf8.elementsEqual(other.utf8))
        #expect((one < other) == one.text.utf16.lexicographicallyPrecedes(other.text.utf16))
        #expect(copy(one) == one && copy(one).hashValue == one.hashValue)
        #expect(one.hasPrefix(other) == one.utf8.starts(with: other.utf8))
    }

    @Test("lengths of strings in themselves and on the heap", arguments: 0..<40)
    func lengths(_ count: Int) {
        let name = Name(String(repeating: "x", count: count))
        #expect(copy(name) == name && copy(name).hashValue == name.hashValue)
        #expect(name != Name(name.text + "x") && name < Name(name.text + "x"))
        #expect(!(name < copy(name)))
    }
}
