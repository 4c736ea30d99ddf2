// Reads big-endian integers and varints from borrowed bytes. A reader cannot outlive its bytes, never reads
// past them, and checks a length against what is left before anyone reserves memory for it.

/// Why bytes could not be read: what was wrong, and at which position.
public enum ByteError: Error, Equatable {
    /// `needed` bytes were asked for, `available` were left.
    case truncated(needed: Int, available: Int, at: Int)
    /// A varint went on beyond 5 (32-bit) or 10 (64-bit) bytes.
    case overlongVarint(at: Int)
}

/// A position in borrowed bytes that moves forward as values are read.
public struct ByteReader: ~Escapable {
    /// All the bytes, also those already read.
    public let bytes: RawSpan
    /// The index in `bytes` of the next byte to be read; only the reader's own functions move it.
    public var position: Int

    /// A reader at the first of `bytes`.
    @inlinable @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
        position = 0
    }

    /// How many bytes are left.
    @inlinable public var remaining: Int { bytes.byteCount - position }
    /// Whether every byte was read.
    @inlinable public var isAtEnd: Bool { position == bytes.byteCount }

    /// Throws unless at least `count` bytes are left; a negative count throws too.
    @inlinable @_lifetime(self: copy self)
    public mutating func require(_ count: Int) throws(ByteError) {
        guard count >= 0, count <= remaining else {
            throw .truncated(needed: count, available: remaining, at: position)
        }
    }

    /// Passes over `count` bytes.
    @inlinable @_lifetime(self: copy self)
    public mutating func skip(_ count: Int) throws(ByteError) {
        try require(count)
        position += count
    }

    /// Where the next `count` bytes lie in `bytes`; passes over them.
    @inlinable @_lifetime(self: copy self)
    public mutating func range(_ count: Int) throws(ByteError) -> Range<Int> {
        try require(count)
        defer { position += count }
        return position..<(position + count)
    }

    /// A copy of the next `count` bytes.
    @inlinable @_lifetime(self: copy self)
    public mutating func array(_ count: Int) throws(ByteError) -> [UInt8] {
        let range = try range(count)
        return unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
    }

    /// A big-endian integer of its type's width.
    @inlinable @_lifetime(self: copy self)
    public mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(ByteError) -> Value {
        let size = MemoryLayout<Value>.size
        try require(size)
        defer { position += size }
        // Bounds were checked on the line above, and every bit pattern is an integer.
        return unsafe Value(
            bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: Value.self))
    }

    /// An unsigned varint of at most 5 bytes, base 128, least significant group first (KIP-482).
    @inlinable @_lifetime(self: copy self)
    public mutating func unsignedVarint() throws(ByteError) -> UInt32 {
        UInt32(truncatingIfNeeded: try varint(maximumBytes: 5))
    }

    /// An unsigned varint of at most 10 bytes.
    @inlinable @_lifetime(self: copy self)
    public mutating func unsignedVarlong() throws(ByteError) -> UInt64 {
        try varint(maximumBytes: 10)
    }

    /// A zigzag varint of at most 5 bytes, as in records.
    @inlinable @_lifetime(self: copy self)
    public mutating func signedVarint() throws(ByteError) -> Int32 {
        let raw = try unsignedVarint()
        return Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1)
    }

    /// A zigzag varint of at most 10 bytes, as in records.
    @inlinable @_lifetime(self: copy self)
    public mutating func signedVarlong() throws(ByteError) -> Int64 {
        let raw = try unsignedVarlong()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// An unsigned varint of at most `maximumBytes` bytes.
    @inlinable @_lifetime(self: copy self)
    public mutating func varint(maximumBytes: Int) throws(ByteError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for index in 0..<maximumBytes {
            let byte = try integer(UInt8.self)
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw .overlongVarint(at: start)
    }
}
