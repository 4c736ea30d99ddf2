// Separates code from comments and string literals, so that a rule about code is not fooled by a text that
// looks like it.

/// Blanks out comments and string contents, line by line; quotes and interpolated code stay.
struct CodeScanner {
    private enum Mode: Equatable {
        case code(parentheses: Int)
        case lineComment
        case blockComment(depth: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let text: [UInt8]
    private var position = 0
    private var output: [UInt8] = []
    private var modes: [Mode] = [.code(parentheses: 0)]

    private init(_ text: String) {
        self.text = Array(text.utf8)
        output.reserveCapacity(self.text.count)
    }

    /// The lines of `text` with the contents of comments and string literals replaced by blanks.
    static func blanked(_ text: String) -> [String] {
        var scanner = CodeScanner(text)
        while scanner.position < scanner.text.count { scanner.step() }
        return scanner.output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func step() {
        switch modes[modes.count - 1] {
        case .code(let parentheses): stepCode(parentheses)
        case .lineComment:
            if text[position] == UInt8(ascii: "\n") { modes.removeLast() }
            blank()
        case .blockComment(let depth): stepBlockComment(depth)
        case .string(let hashes, let isMultiline): stepString(hashes, isMultiline)
        }
    }

    private mutating func stepCode(_ parentheses: Int) {
        if starts("//") { return modes.append(.lineComment) }
        if starts("/*") { return modes.append(.blockComment(depth: 0)) }
        if let (hashes, isMultiline) = openingQuote() {
            modes.append(.string(hashes: hashes, isMultiline: isMultiline))
            return copy(hashes + (isMultiline ? 3 : 1))
        }
        let byte = text[position]
        if modes.count > 1, byte == UInt8(ascii: "(") {
            modes[modes.count - 1] = .code(parentheses: parentheses + 1)
        } else if modes.count > 1, byte == UInt8(ascii: ")") {
            // The closing parenthesis of an interpolation returns to the string around it.
            if parentheses == 1 {
                modes.removeLast()
            } else {
                modes[modes.count - 1] = .code(parentheses: parentheses - 1)
            }
        }
        copy(1)
    }

    private mutating func stepBlockComment(_ depth: Int) {
        if starts("/*") {
            modes[modes.count - 1] = .blockComment(depth: depth + 1)
            blank()
        } else if starts("*/") {
            if depth == 1 {
                modes.removeLast()
            } else {
                modes[modes.count - 1] = .blockComment(depth: depth - 1)
            }
            blank()
        }
        blank()
    }

    private mutating func stepString(_ hashes: Int, _ isMultiline: Bool) {
        let hash = String(repeating: "#", count: hashes)
        let quote = (isMultiline ? "\"\"\"" : "\"") + hash
        if starts(quote) {
            modes.removeLast()
            return copy(quote.utf8.count)
        }
        if starts("\\" + hash + "(") {
            modes.append(.code(parentheses: 0))
            return copy(hashes + 1)
        }
        if starts("\\" + hash) { blank(hashes + 1) }
        guard position < text.count else { return }
        // An unterminated literal ends with its line, so that one mistake does not blank the rest of the
        // file.
        if !isMultiline, text[position] == UInt8(ascii: "\n") { modes.removeLast() }
        blank()
    }

    private func openingQuote() -> (hashes: Int, isMultiline: Bool)? {
        var hashes = 0
        while position + hashes < text.count, text[position + hashes] == UInt8(ascii: "#") { hashes += 1 }
        guard position + hashes < text.count, text[position + hashes] == UInt8(ascii: "\"") else {
            return nil
        }
        return (hashes, starts("\"\"\"", at: position + hashes))
    }

    private func starts(_ prefix: String, at start: Int? = nil) -> Bool {
        let start = start ?? position
        guard start + prefix.utf8.count <= text.count else { return false }
        return zip(prefix.utf8, text[start...]).allSatisfy { $0 == $1 }
    }

    private mutating func copy(_ count: Int) {
        output += text[position..<position + count]
        position += count
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where position < text.count {
            output.append(text[position] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            position += 1
        }
    }
}
