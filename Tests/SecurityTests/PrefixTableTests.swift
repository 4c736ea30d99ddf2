// The prefixes of a name are found among others.
import Base
import Simulation
import Testing

@testable import Security

@Suite("Table of prefixes")
struct PrefixTableTests {
    /// Texts that begin alike, of characters of one to four bytes, one of which sorts otherwise in UTF-16.
    private func text(_ random: inout SeededRandom) -> Name {
        let characters = ["a", "b", "é", "è", "\u{ffee}", "𝒳", "𝒴"]
        let count = Int.random(in: 0...6, using: &random)
        return Name((0..<count).map { _ in characters.randomElement(using: &random) ?? "" }.joined())
    }

    @Test(
        "finds the prefixes that looking at each finds, the longest first",
        arguments: 0..<200 as Range<UInt64>)
    func all(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = PrefixTable<Int>()
        var values: [Name: Int] = [:]
        for value in 0..<Int.random(in: 0...60, using: &random) {
            let prefix = text(&random)
            guard !prefix.isEmpty else { continue }
            values[prefix] = value.isMultiple(of: 4) ? nil : value
            table[prefix] = values[prefix]
        }
        for _ in 0..<50 {
            let name = text(&random)
            var found: [Name] = []
            table.forEachPrefix(of: name) { prefix, value in
                found.append(prefix)
                #expect(values[prefix] == value && table[prefix] == value)
                return true
            }
            let expected = values.keys.filter { name.hasPrefix($0) }
                .sorted { $0.utf8.count > $1.utf8.count }
            #expect(found == expected)
        }
    }

    @Test("stops where it is told to")
    func stops() {
        var table = PrefixTable<Int>()
        for (value, prefix) in (["a", "ab", "abc"] as [Name]).enumerated() { table[prefix] = value }
        var found: [Int] = []
        table.forEachPrefix(of: "abcd") { _, value in
            found.append(value)
            return false
        }
        #expect(found == [2])
    }
}
