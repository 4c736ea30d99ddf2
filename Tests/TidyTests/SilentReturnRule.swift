// A guard that ends a test without a word makes it pass whatever it found.

/// Looks for tests that return early and say nothing.
enum SilentReturnRule {
    static func check(_ file: SourceFile) -> [Violation] {
        guard file.path.hasPrefix("Tests/"), file.isSwift else { return [] }
        var found: [Violation] = []
        var isAnnounced = false
        // The indentation of the test at hand: what stands deeper than its statements is not its own.
        var indentation: Int?
        for (index, line) in file.code.enumerated() {
            let depth = line.prefix { $0 == " " }.count
            let words = line.dropFirst(depth)
            if words.hasPrefix("@Test") { isAnnounced = true }
            if let test = indentation {
                if depth == test, words.hasPrefix("}") { indentation = nil }
                if depth == test + 4, line.hasSuffix("else { return }") {
                    found.append(
                        Violation(
                            file, index + 1, "the test passes here: record an issue, or choose its arguments")
                    )
                }
            } else if isAnnounced, words.split(separator: " ").contains("func") {
                // A test of one line has no lines of its own.
                indentation = line.hasSuffix("}") ? nil : depth
                isAnnounced = false
            }
        }
        return found
    }
}
