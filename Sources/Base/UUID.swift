// A 128-bit identifier as Kafka uses it: topic, directory and cluster ids. Its text is URL-safe base64
// without padding, 22 characters.
import Glibc

/// A 128-bit identifier (topic id, directory id, …).
public struct UUID: Hashable, Sendable, BitwiseCopyable {
    public let high: UInt64
    public let low: UInt64

    /// From its two halves, most significant first.
    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// All zero: "no id" on the wire.
    public static let zero = UUID(high: 0, low: 0)
    /// Kafka's id of the metadata topic `__cluster_metadata`.
    public static let metadataTopic = UUID(high: 0, low: 1)
    /// True for the ids that Kafka reserves (0 to 99); they are never given to a topic.
    public var isReserved: Bool { high == 0 && low < 100 }
}

/// The id of a topic (KIP-516); it changes when a topic is deleted and created again under the same name.
public typealias TopicID = UUID

extension UUID {
    /// A random version-4 id.
    ///
    /// Like Kafka it never returns one whose text begins with a dash, as tools take that for an option.
    public static func random() -> UUID {
        var random = BrokerRandom()
        while true {
            let high = random.next() & ~0xf000 | 0x4000
            let low = random.next() & ~(0b11 << 62) | (0b10 << 62)
            let candidate = UUID(high: high, low: low)
            if !candidate.isReserved, !candidate.description.hasPrefix("-") { return candidate }
        }
    }

    /// The 16 bytes, most significant first.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    /// The id in hexadecimal digits, in groups with dashes, as Java prints it.
    public var hexText: String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text.unicodeScalars.append(digits[Int(byte >> 4)])
            text.unicodeScalars.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// The id whose URL-safe base64 text is `text`; nil if it is not 22 characters (or 24, padded) of that
    /// alphabet.
    public init?(_ text: some StringProtocol) {
        guard let bytes = Base64.decode(text, alphabet: .urlSafe), bytes.count == 16 else { return nil }
        self.init(
            high: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) })
    }
}

extension UUID: CustomStringConvertible {
    /// The URL-safe base64 text, 22 characters.
    public var description: String { Base64.encode(bytes, alphabet: .urlSafe) }
}
