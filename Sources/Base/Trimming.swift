// Blanks at the ends of texts, as Java's String.trim takes them away.

extension StringProtocol {
    /// The text without blanks at either end: everything up to U+0020.
    package var trimmed: String {
        let isBlank: (Unicode.Scalar) -> Bool = { $0.value <= 0x20 }
        guard let first = unicodeScalars.firstIndex(where: { !isBlank($0) }),
            let last = unicodeScalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first...last])
    }
}
