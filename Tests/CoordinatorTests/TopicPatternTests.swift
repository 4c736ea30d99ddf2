import Base
import Coordinator
import Testing

/// Subscriptions by regular expression.
@Suite struct TopicPatternTests {
    @Test(
        "the whole name must match",
        arguments: [
            ("foo.*", "foobar", true), ("foo.*", "afoo", false), ("foo", "foobar", false), ("", "", true),
            ("", "a", false), ("a|b", "b", true), ("a|ab", "ab", true),
            ("(?i)ORDERS-[0-9]+", "orders-12", true),
            (#"\Qa.b\E"#, "a.b", true), (#"\Qa.b\E"#, "axb", false), ("^x$", "x", true),
            (".*", "größe", true),
        ])
    func matching(pattern: Name, name: Name, expected: Bool) throws {
        let compiled = try TopicPattern(pattern)
        let matches = compiled.matches(name)
        #expect(matches == expected)
    }

    @Test(
        "what is not valid is refused with a reason",
        arguments: [
            "foo[", "a**", "(", ")", "a{1001}", "a{2,1}", #"\pX"#, "*a", "[z-a]", #"\8"#, "x(?=y)", "a++",
            #"\"#,
            "(?z)",
        ])
    func invalid(pattern: Name) {
        #expect(reason(against: pattern)?.isEmpty == false)
    }

    @Test("time and memory are bounded") func bounded() throws {
        #expect(reason(against: "((a{100}){100}){100}") != nil)
        #expect(reason(against: Name(String(repeating: "a", count: TopicPattern.lengthMax + 1))) != nil)
        #expect(reason(against: "a{1000}") == nil)
        // Exponential for engines that backtrack.
        let nested = try TopicPattern("(a*)*(a*)*(a*)*b")
        let matches = nested.matches(Name(String(repeating: "a", count: 249)))
        #expect(!matches)
    }

    private func reason(against pattern: Name) -> String? {
        do {
            let compiled = try TopicPattern(pattern)
            _ = compiled.matches("")
            return nil
        } catch {
            return error.description
        }
    }
}
