// Texts on the wire that are no UTF-8: Kafka takes them, as Java does, with U+FFFD for what is malformed.

/// What Java makes of bytes that are no UTF-8.
enum MalformedText {
    private static let replacement: [UInt8] = [0xef, 0xbf, 0xbd]

    /// The text of `bytes` with U+FFFD for each malformed sequence.
    ///
    /// Java and Swift both replace the longest beginning of a character that is there, but for halves of
    /// surrogate pairs (0xED and 0xA0 to 0xBF), of which Java replaces all three bytes by one.
    static func repaired(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0xed, let second = rest.first, second >= 0xa0, second <= 0xbf else {
                text.append(byte)
                continue
            }
            rest.removeFirst()
            if let third = rest.first, third & 0xc0 == 0x80 { rest.removeFirst() }
            text += replacement
        }
        return String(decoding: text, as: UTF8.self)
    }
}
