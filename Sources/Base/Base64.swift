// Base64 (RFC 4648): URL-safe without padding for Kafka's ids, standard with padding for bytes in JSON.

/// Base64 text from bytes and back.
package enum Base64 {
    /// Which 64 characters, and whether the text is padded to a multiple of four.
    package enum Alphabet: Sendable {
        /// `+` and `/`, padded with `=` (RFC 4648, section 4).
        case standard
        /// `-` and `_`, not padded (section 5).
        case urlSafe

        fileprivate var characters: [UInt8] {
            Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
                + (self == .standard ? Array("+/".utf8) : Array("-_".utf8))
        }
    }

    /// The text of `bytes`.
    package static func encode(_ bytes: some Collection<UInt8>, alphabet: Alphabet = .standard) -> String {
        let characters = alphabet.characters
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var pending = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            pending += 8
            while pending >= 6 {
                pending -= 6
                text.append(characters[Int(bits >> UInt32(pending)) & 63])
            }
        }
        if pending > 0 { text.append(characters[Int(bits << UInt32(6 - pending)) & 63]) }
        while alphabet == .standard, text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`, with or without padding; nil where a character is not of the alphabet or the
    /// length cannot be.
    package static func decode(_ text: some StringProtocol, alphabet: Alphabet = .standard) -> [UInt8]? {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.characters.enumerated() { values[Int(character)] = UInt8(value) }
        var input = Array(text.utf8)
        for _ in 0..<2 where input.last == UInt8(ascii: "=") { input.removeLast() }
        guard input.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count * 3 / 4)
        var bits: UInt32 = 0
        var pending = 0
        for character in input {
            let value = values[Int(character)]
            guard value != 255 else { return nil }
            bits = bits << 6 | UInt32(value)
            pending += 6
            if pending >= 8 {
                pending -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(pending)))
            }
        }
        return bytes
    }
}
