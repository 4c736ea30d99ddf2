// What can be wrong with a message: the reason, the byte where it was noticed, the field that was under way.

/// Why a message could not be read, written or parsed.
package struct WireError: Error {
    /// The kinds of reasons.
    package enum Reason: Equatable, Sendable {
        /// `needed` more bytes were announced, `available` were left.
        case truncated(needed: Int, available: Int)
        /// A varint went on beyond five bytes.
        case overlongVarint
        /// A length or count that cannot be.
        case invalidLength(Int)
        /// Null in a version in which the field must have a value.
        case unexpectedNull
        /// A string, array or byte field too long for its length field.
        case tooLong(Int)
        /// Arrays that would take more than `WireLimits.structureBytesMax` in memory.
        case tooManyElements(Int)
        /// A tagged field that should end at one byte of the frame and ended at another.
        case taggedFieldEnd(declared: Int, actual: Int)
        /// The message has no such version.
        case unsupportedVersion(Int16)
        /// No such API key, or no such message.
        case unknownMessage
        /// JSON that does not fit the message; the text says how.
        case text(String)
    }

    /// What was wrong.
    package let reason: Reason
    /// The index of the byte in the frame at which it was noticed; 0 for JSON.
    package let position: Int
    /// Kafka's name of the field that was under way; empty for an element of an array and outside of fields.
    package let field: StaticString

    /// An error at a byte and a field.
    package init(_ reason: Reason, at position: Int = 0, field: StaticString = "") {
        self.reason = reason
        self.position = position
        self.field = field
    }
}

extension WireError: Equatable {
    package static func == (left: WireError, right: WireError) -> Bool {
        left.reason == right.reason && left.position == right.position
            && left.field.description == right.field.description
    }
}

extension WireError: CustomStringConvertible {
    /// One clause for a log line: the field, the byte, the reason.
    package var description: String {
        let name = field.description
        return (name.isEmpty ? "" : "field \(name), ") + "byte \(position): " + reason.description
    }
}

extension WireError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let needed, let available): "needs \(needed) more bytes, \(available) are left"
        case .overlongVarint: "a varint of more than five bytes"
        case .invalidLength(let length): "an impossible length of \(length)"
        case .unexpectedNull: "null where a value must stand"
        case .tooLong(let length): "a length of \(length) is too long for its field"
        case .tooManyElements(let count): "\(count) more elements would exceed the memory of one message"
        case .taggedFieldEnd(let declared, let actual):
            "a tagged field that should end at byte \(declared) ended at \(actual)"
        case .unsupportedVersion(let version): "version \(version) does not exist"
        case .unknownMessage: "no such message"
        case .text(let text): text
        }
    }
}

/// The bounds of one message; lengths are also bounded by the bytes that are left.
package enum WireLimits {
    /// Bytes of one string, as in Kafka.
    package static let stringBytesMax = 32_767
    /// Memory that the arrays of one message may take (their elements' own size, not what those point to).
    package static let structureBytesMax = 64 << 20
    /// What an array costs beside its elements.
    package static let arrayOverheadBytes = 32
    /// Elements for which memory is reserved before the first of them was read.
    package static let reservedElementsMax = 1_024
}
