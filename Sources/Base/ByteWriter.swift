// Appends big-endian integers and varints to an array of bytes: the counterpart of ByteReader.

/// Bytes under construction.
public struct ByteWriter: Sendable {
    /// What was written so far.
    public var bytes: [UInt8]

    /// An empty writer with room for `capacity` bytes.
    @inlinable public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// How many bytes were written.
    @inlinable public var count: Int { bytes.count }

    /// Appends a big-endian integer of its type's width.
    @inlinable public mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends bytes as they are.
    @inlinable public mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Appends borrowed bytes as they are.
    @inlinable public mutating func raw(_ more: RawSpan) {
        unsafe more.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends an unsigned varint (1 to 5 bytes for what fits 32 bits, up to 10).
    @inlinable public mutating func unsignedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a zigzag varint.
    @inlinable public mutating func signedVarint(_ value: Int64) {
        unsignedVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Overwrites the integer at `position`, which was written before.
    @inlinable public mutating func replace<Value: FixedWidthInteger & BitwiseCopyable>(
        at position: Int, with value: Value
    ) {
        precondition(
            position >= 0 && position + MemoryLayout<Value>.size <= bytes.count,
            "only written bytes are replaced")
        for index in 0..<MemoryLayout<Value>.size {
            let shift = 8 * (MemoryLayout<Value>.size - 1 - index)
            bytes[position + index] = UInt8(truncatingIfNeeded: value >> Value(shift))
        }
    }
}

/// How many bytes `value` takes as an unsigned varint.
@inlinable public func unsignedVarintSize(_ value: UInt64) -> Int {
    (70 - (value | 1).leadingZeroBitCount) / 7
}

/// How many bytes `value` takes as a zigzag varint.
@inlinable public func signedVarintSize(_ value: Int64) -> Int {
    unsignedVarintSize(UInt64(bitPattern: value << 1 ^ value >> 63))
}
