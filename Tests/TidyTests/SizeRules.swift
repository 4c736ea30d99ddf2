// Files that fit one sitting, functions that fit one screen, lines that fit one window.

/// Limits on the size of files, functions and lines.
enum SizeRules {
    static let fileLinesMax = 500
    static let functionLinesMax = 60
    static let columnsMax = 110

    static func checkFile(_ file: SourceFile) -> [Violation] {
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        guard count > fileLinesMax else { return [] }
        return [Violation(file, 0, "\(count) lines, at most \(fileLinesMax): split it by concept")]
    }

    static func checkLines(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().filter { $0.element.count > columnsMax }.map { index, line in
            Violation(file, index + 1, "\(line.count) columns, at most \(columnsMax)")
        }
    }

    static func checkFunctions(_ file: SourceFile) -> [Violation] {
        functions(in: file).filter { $0.count > functionLinesMax }.map { lines in
            Violation(file, lines.lowerBound, "function of \(lines.count) lines, at most \(functionLinesMax)")
        }
    }

    /// The line ranges (from 1) of all functions and initializers with a body, from `func` to the closing
    /// brace.
    static func functions(in file: SourceFile) -> [ClosedRange<Int>] {
        let tokens = Tokens(file.code).all
        var found: [ClosedRange<Int>] = []
        for index in tokens.indices where startsFunction(tokens, index) {
            if let end = endOfBody(tokens, from: index) { found.append(tokens[index].line...end) }
        }
        return found
    }

    private static func startsFunction(_ tokens: [Tokens.Token], _ index: Int) -> Bool {
        let previous = index > 0 ? tokens[index - 1].text : ""
        guard previous != "." else { return false }
        switch tokens[index].text {
        case "func", "deinit": return true
        case "init", "subscript":
            let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
            return next == "(" || next == "<" || next == "?"
        default: return false
        }
    }

    /// Finds the line of the brace that closes the body; nil for a protocol's requirement, which has none.
    private static func endOfBody(_ tokens: [Tokens.Token], from start: Int) -> Int? {
        var nesting = 0
        var braces = 0
        for token in tokens[(start + 1)...] {
            switch token.text {
            case "(", "[": nesting += 1
            case ")", "]": nesting -= 1
            case "{" where nesting == 0 || braces > 0: braces += 1
            case "}" where braces > 0:
                braces -= 1
                if braces == 0, nesting <= 0 { return token.line }
            case "}" where nesting == 0: return nil
            case "func", "init", "var", "let", "static", "associatedtype", "subscript":
                if braces == 0, nesting == 0 { return nil }
            default: break
            }
        }
        return nil
    }
}

/// Words and single punctuation marks of code that was blanked by `CodeScanner`.
struct Tokens {
    struct Token {
        let text: String
        let line: Int
    }

    private(set) var all: [Token] = []

    init(_ lines: [String]) {
        for (index, line) in lines.enumerated() {
            var word = ""
            for character in line {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                    continue
                }
                if !word.isEmpty { all.append(Token(text: word, line: index + 1)) }
                word = ""
                if !character.isWhitespace { all.append(Token(text: String(character), line: index + 1)) }
            }
            if !word.isEmpty { all.append(Token(text: word, line: index + 1)) }
        }
    }
}
