// GAPS.md promises a reason with each difference: a row without one, or with a cell too many, tells nobody
// why.

/// The tables of GAPS.md: area, what Kafka does, what Apus does, and why.
enum GapsRule {
    private static let header = ["Area", "Kafka", "Apus", "Why"]

    static func check(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().compactMap { index, line in
            guard line.hasPrefix("|") else { return nil }
            let cells = cells(of: line)
            // The line of dashes below a table's head.
            if cells.allSatisfy({ $0.allSatisfy { $0 == "-" } && !$0.isEmpty }) { return nil }
            let isHead = index + 1 < file.lines.count && file.lines[index + 1].hasPrefix("|-")
            if isHead, cells != header {
                return Violation(file, index + 1, "the columns are \(header.joined(separator: ", "))")
            }
            guard cells.count == header.count, cells.allSatisfy({ !$0.isEmpty }) else {
                return Violation(file, index + 1, "a row says area, Kafka, Apus and why, each in one cell")
            }
            return nil
        }
    }

    /// What stands between the bars; a bar behind a backslash is text.
    private static func cells(of line: String) -> [String] {
        var cells = [""]
        var isEscaped = false
        for character in line.dropFirst() {
            if character == "|", !isEscaped {
                cells.append("")
            } else {
                cells[cells.count - 1].append(character)
            }
            isEscaped = character == "\\"
        }
        if cells.last?.allSatisfy(\.isWhitespace) == true { cells.removeLast() }
        return cells.map { $0.split(separator: " ").joined(separator: " ") }
    }
}
