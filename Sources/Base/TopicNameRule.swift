// What topics can be called. Their names are part of directory names, so those who read directories go by
// the same rule as those who make topics (Kafka's `Topic.validate`).

/// The form of topic names.
package enum TopicNameRule {
    /// Longest name: the directory `name-partition` must fit into 255 bytes, with room for `.UUID-delete`.
    package static let bytesMax = 249

    /// Whether a name may contain `byte`: ASCII letters and digits, dot, underscore, hyphen.
    package static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
