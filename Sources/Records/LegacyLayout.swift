// Where the fields of a message of the old formats lie (magic 0: Kafka 0.7–0.9, magic 1: 0.10, KIP-32). A
// message set is messages one behind the other; a compressed message holds another message set as its value.

/// Byte offsets of the fields of a message with magic 0 or 1.
package enum LegacyLayout {
    /// int64: the offset of the message.
    package static let offset = 0
    /// int32: how many bytes follow this field.
    package static let length = 8
    /// uint32: CRC-32 (the one of zlib) of everything from `magic` on.
    package static let checksum = 12
    /// int8: 0 or 1.
    package static let magic = 16
    /// int8: bits 0–2 codec, bit 3 timestamp type (magic 1).
    package static let attributes = 17
    /// int64, magic 1 only.
    package static let timestamp = 18

    /// The bytes that `length` does not count: offset and length.
    package static let lengthOverhead = 12
    /// The smallest legal `length`: magic 0 with null key and null value.
    package static let minimumLength = 14
    /// The largest `length` to which that of the whole can be told in 32 bits.
    static let maximumLength = Int(Int32.max) - lengthOverhead

    /// Where the length of the key stands.
    package static func key(magic: Int8) -> Int { magic == 0 ? 18 : 26 }
    /// The size of a message without the bytes of key and value.
    package static func overhead(magic: Int8) -> Int { key(magic: magic) + 8 }
}
