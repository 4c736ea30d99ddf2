// Links between the documents lead somewhere: to a file that is there, to a heading that is there.
import Foundation

/// The links of documents to what lies in the repository.
enum LinkRule {
    /// The links that lead nowhere; `exists` tells whether a path below the root is a file or a folder.
    static func check(_ file: SourceFile, exists: (String) -> Bool) -> [Violation] {
        guard file.path.hasSuffix(".md") else { return [] }
        let headings = Set(file.lines.filter { $0.hasPrefix("#") }.map(anchor))
        let folder = file.path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        return file.lines.enumerated().flatMap { index, line in
            targets(in: line).compactMap { target in
                if target.hasPrefix("#") {
                    guard !headings.contains(String(target.dropFirst())) else { return nil }
                    return Violation(file, index + 1, "no heading is called \(target)")
                }
                guard !target.contains("://"), !exists(folder + target) else { return nil }
                return Violation(file, index + 1, "\(target) is not there")
            }
        }
    }

    /// Where the links of a line, `[text](target)`, lead to.
    private static func targets(in line: String) -> [String] {
        line.components(separatedBy: "](").dropFirst().compactMap { rest in
            rest.firstIndex(of: ")").map { String(rest[..<$0]) }
        }
    }

    /// What a heading is linked by, as forges make it: lower case, dashes for blanks, no punctuation.
    private static func anchor(_ heading: String) -> String {
        let text = heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
        return String(
            text.compactMap { character in
                if character == " " { return "-" }
                let isKept = character.isLetter || character.isNumber || character == "-" || character == "_"
                return isKept ? character : nil
            })
    }
}
