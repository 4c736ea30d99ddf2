// The file format of server.properties (java.util.Properties): key, then = or : or blanks, then the value; #
// and ! begin comments, a backslash at a line's end continues it, and \t \n \r \f \uXXXX are escapes.

/// Reads configuration files in the format of Java's properties.
package enum Properties {
    /// The entries of `text` in order; a key may come twice, and the last one counts.
    package static func parse(_ text: String) -> [(key: String, value: String)] {
        logicalLines(of: text).compactMap(entry)
    }

    private static func logicalLines(of text: String) -> [[Character]] {
        var lines: [[Character]] = []
        var pending: [Character]?
        for natural in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let line = Array(natural.drop(while: isBlank))
            if pending == nil, line.isEmpty || line.first == "#" || line.first == "!" { continue }
            var joined = (pending ?? []) + line
            if joined.reversed().prefix(while: { $0 == "\\" }).count % 2 == 1 {
                joined.removeLast()
                pending = joined
            } else {
                lines.append(joined)
                pending = nil
            }
        }
        if let pending { lines.append(pending) }
        return lines
    }

    private static func entry(of line: [Character]) -> (key: String, value: String)? {
        var keyEnd = 0
        while keyEnd < line.count, !isBlank(line[keyEnd]), line[keyEnd] != "=", line[keyEnd] != ":" {
            keyEnd += line[keyEnd] == "\\" ? 2 : 1
        }
        keyEnd = min(keyEnd, line.count)
        var rest = line[keyEnd...].drop(while: isBlank)
        if rest.first == "=" || rest.first == ":" { rest = rest.dropFirst().drop(while: isBlank) }
        let key = unescaped(line[..<keyEnd])
        return key.isEmpty ? nil : (key, unescaped(rest))
    }

    private static func unescaped(_ characters: ArraySlice<Character>) -> String {
        var text = ""
        var rest = characters
        while let character = rest.popFirst() {
            guard character == "\\", let escape = rest.popFirst() else {
                text.append(character)
                continue
            }
            switch escape {
            case "t": text.append("\t")
            case "n": text.append("\n")
            case "r": text.append("\r")
            case "f": text.append("\u{0c}")
            case "u":
                let digits = String(rest.prefix(4))
                rest = rest.dropFirst(4)
                if let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) {
                    text.unicodeScalars.append(scalar)
                }
            default: text.append(escape)
            }
        }
        return text
    }

    private static func isBlank(_ character: Character) -> Bool {
        character == " " || character == "\t" || character == "\u{0c}"
    }
}
