// The file format of server.properties and meta.properties (java.util.Properties): key, then = or : or
// blanks, then the value; # and ! begin comments, a backslash at a line's end continues it, and \t \n \r \f
// \uXXXX are escapes. Java reads the bytes as ISO 8859-1, so a byte is a character here, and what lies beyond
// is escaped.

/// Reads files in the format of Java's properties.
package struct Properties {
    /// Why a file was refused.
    package enum Malformed: Error, Equatable {
        /// No four hexadecimal digits follow a `\u` in this natural line, counted from 1.
        case unicodeEscape(line: Int)
    }

    private let bytes: [UInt8]
    private var next = 0
    private var line = 1
    /// The natural line in which the last logical line began.
    private var begin = 1

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The entries of a file in order; a key may come twice, and the last one counts.
    package static func parse(_ bytes: [UInt8]) throws(Malformed) -> [(key: String, value: String)] {
        var file = Properties(bytes)
        var entries: [(key: String, value: String)] = []
        while let line = file.logicalLine() {
            entries.append(try entry(of: line[...], at: file.begin))
        }
        return entries
    }
}

// MARK: - Lines

extension Properties {
    /// The next line with all that continues it, without its comments and leading blanks; nil at the end.
    private mutating func logicalLine() -> [UInt8]? {
        var text: [UInt8] = []
        while next < bytes.count {
            skipBlanks()
            if text.isEmpty, let byte = peek, byte == UInt8(ascii: "#") || byte == UInt8(ascii: "!") {
                while let byte = peek, !Self.endsLine(byte) { next += 1 }
                endLine()
                continue
            }
            if text.isEmpty { begin = line }
            while let byte = peek, !Self.endsLine(byte) {
                text.append(byte)
                next += 1
            }
            let continues = text.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
            if continues { text.removeLast() }
            // Java takes a continuation that nothing follows for a line, be it empty.
            let endsFile = next + 1 >= bytes.count
            endLine()
            if continues ? endsFile : !text.isEmpty { return text }
        }
        return text.isEmpty ? nil : text
    }

    private var peek: UInt8? { next < bytes.count ? bytes[next] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, Self.isBlank(byte) { next += 1 }
    }

    /// Steps over the end of a line: a line feed, a carriage return, or both.
    private mutating func endLine() {
        guard let byte = peek else { return }
        next += 1
        line += 1
        if byte == UInt8(ascii: "\r"), peek == UInt8(ascii: "\n") { next += 1 }
    }

    private static func endsLine(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0x0c
    }
}

// MARK: - Entries

extension Properties {
    private static func entry(
        of line: ArraySlice<UInt8>, at number: Int
    ) throws(Malformed) -> (key: String, value: String) {
        var end = line.startIndex
        var isEscaped = false
        while end < line.endIndex, isEscaped || !(isBlank(line[end]) || separates(line[end])) {
            isEscaped = line[end] == UInt8(ascii: "\\") && !isEscaped
            end += 1
        }
        var rest = line[end...].drop(while: isBlank)
        if let first = rest.first, separates(first) { rest = rest.dropFirst().drop(while: isBlank) }
        return (try unescaped(line[..<end], at: number), try unescaped(rest, at: number))
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":")
    }

    private static func unescaped(_ text: ArraySlice<UInt8>, at number: Int) throws(Malformed) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                units.append(UInt16(byte))
                continue
            }
            switch escape {
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "n"): units.append(0x0a)
            case UInt8(ascii: "r"): units.append(0x0d)
            case UInt8(ascii: "f"): units.append(0x0c)
            case UInt8(ascii: "u"): units.append(try codeUnit(&rest, at: number))
            default: units.append(UInt16(escape))
            }
        }
        // Half a surrogate pair becomes U+FFFD, as nothing here could hold it.
        return String(decoding: units, as: UTF16.self)
    }

    private static func codeUnit(
        _ rest: inout ArraySlice<UInt8>, at number: Int
    ) throws(Malformed) -> UInt16 {
        guard rest.count >= 4 else { throw .unicodeEscape(line: number) }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = rest.popFirst().flatMap(hexadecimal) else { throw .unicodeEscape(line: number) }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension Properties.Malformed: CustomStringConvertible {
    /// A sentence.
    package var description: String {
        switch self {
        case .unicodeEscape(let line): "line \(line): four hexadecimal digits must follow \\u"
        }
    }
}
