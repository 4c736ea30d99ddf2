// The innermost loop of the broker: reads the varints of records. It checks every position itself, once per
// field, and then loads without the second check of RawSpan; errors are one byte in a register. Nothing else
// in the module loads unchecked.
internal import Base

/// A position in the uncompressed records of a batch.
struct RecordScanner: ~Escapable {
    let bytes: RawSpan
    var position = 0

    /// A scanner at the first record.
    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The byte at `index`, which the caller has compared with a bound within `bytes`.
    @inline(__always)
    private func byte(_ index: Int) -> UInt64 {
        // In bounds by the caller's comparison; every bit pattern is a UInt8.
        unsafe UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self))
    }

    /// A zigzag varint of up to 5 bytes that ends before `end` (at most `bytes.byteCount`).
    ///
    /// With `hasRoom` the caller has seen that 5 bytes lie before `end`, and they are not counted again. One
    /// to three bytes, which is nearly every length and delta, are decoded here.
    @inline(__always) @_lifetime(self: copy self)
    mutating func varint(before end: Int, hasRoom: Bool = false) throws(RecordDefect) -> Int {
        guard hasRoom || position < end else { throw .truncated }
        let first = byte(position)
        if first < 0x80 {
            position &+= 1
            return zigzag(first)
        }
        guard hasRoom || position &+ 1 < end else { throw .truncated }
        let second = byte(position &+ 1)
        if second < 0x80 {
            position &+= 2
            return zigzag(first & 0x7f | second << 7)
        }
        guard hasRoom || position &+ 2 < end else { throw .truncated }
        let third = byte(position &+ 2)
        if third < 0x80 {
            position &+= 3
            return zigzag(first & 0x7f | (second & 0x7f) << 7 | third << 14)
        }
        return zigzag(UInt64(UInt32(truncatingIfNeeded: try longVarint(before: end, maximumBytes: 5))))
    }

    @inline(__always)
    private func zigzag(_ raw: UInt64) -> Int {
        Int(bitPattern: UInt(raw >> 1)) ^ (0 &- Int(bitPattern: UInt(raw & 1)))
    }

    /// A zigzag varint of up to 10 bytes that ends before `end`.
    @inline(__always) @_lifetime(self: copy self)
    mutating func varlong(before end: Int, hasRoom: Bool = false) throws(RecordDefect) -> Int64 {
        guard hasRoom || position < end else { throw .truncated }
        let first = byte(position)
        if first < 0x80 {
            position &+= 1
            return Int64(zigzag(first))
        }
        guard hasRoom || position &+ 1 < end else { throw .truncated }
        let second = byte(position &+ 1)
        if second < 0x80 {
            position &+= 2
            return Int64(zigzag(first & 0x7f | second << 7))
        }
        return Int64(zigzag(try longVarint(before: end, maximumBytes: 10)))
    }

    // Slow paths take the position and give it back, instead of changing self: its address then never
    // escapes, and the position of the hot loop stays in a register. That halves the time of a record.
    @inline(never)
    private static func longVarint(
        _ bytes: RawSpan, from start: Int, before end: Int, maximumBytes: Int
    ) throws(RecordDefect) -> (value: UInt64, position: Int) {
        var value: UInt64 = 0
        for index in 0..<maximumBytes {
            guard start + index < end else { throw .truncated }
            let byte = bytes.integer(at: start + index, as: UInt8.self)
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 { return (value, start + index + 1) }
        }
        throw .overlongVarint
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func longVarint(before end: Int, maximumBytes: Int) throws(RecordDefect) -> UInt64 {
        let long = try Self.longVarint(bytes, from: position, before: end, maximumBytes: maximumBytes)
        position = long.position
        return long.value
    }

    /// Passes over the bytes of a nullable field and says where they lie; any negative count is null, as to
    /// Kafka.
    @inline(__always) @_lifetime(self: copy self)
    mutating func nullable(
        before end: Int, hasRoom: Bool = false, else defect: RecordDefect
    ) throws(RecordDefect) -> (start: Int, count: Int) {
        let count = try varint(before: end, hasRoom: hasRoom)
        let start = position
        // Seen as unsigned, a negative count is larger than anything that is left.
        if UInt(bitPattern: count) <= UInt(bitPattern: end &- start) {
            position = start &+ count
        } else if count >= 0 {
            throw defect
        }
        return (start, count)
    }

    /// What attributes, both deltas and the length of the key take at most.
    private static let prefixSizeMax = 1 + 10 + 5 + 5

    /// The lengths and positions of one record; moves behind it.
    @inline(__always) @_lifetime(self: copy self)
    mutating func record() throws(RecordDefect) -> ScannedRecord {
        let start = position
        let length = try varint(before: bytes.byteCount)
        let first = position
        let record: ScannedRecord
        if length >= Self.prefixSizeMax, length <= bytes.byteCount &- first {
            var fields = RecordScanner(bytes)
            fields.position = first
            record = try fields.fields(from: start, to: first &+ length, hasRoom: true)
        } else {
            record = try Self.shortRecord(in: bytes, from: start, at: first, length: length)
        }
        // The next record begins where the length said, so its bytes can be loaded before the fields of this
        // one are known.
        position = first &+ length
        return record
    }

    /// A record that is too short for its first fields to be read without counting, or whose length is wrong.
    @inline(never)
    private static func shortRecord(
        in bytes: RawSpan, from start: Int, at position: Int, length: Int
    ) throws(RecordDefect) -> ScannedRecord {
        // The smallest record has attributes, two deltas, two lengths and a header count, one byte each.
        guard length >= 6, length <= bytes.byteCount - position else { throw .length }
        var scanner = RecordScanner(bytes)
        scanner.position = position
        return try scanner.fields(from: start, to: position + length, hasRoom: false)
    }

    /// The fields behind the length of a record; with `hasRoom` its first four need no counting.
    @inline(__always) @_lifetime(self: copy self)
    private mutating func fields(from start: Int, to end: Int, hasRoom: Bool) throws(RecordDefect)
        -> ScannedRecord
    {
        position &+= 1  // attributes of records are unused
        let timestampDelta = try varlong(before: end, hasRoom: hasRoom)
        let offsetDelta = try varint(before: end, hasRoom: hasRoom)
        let key = try nullable(before: end, hasRoom: hasRoom, else: .key)
        let valueCount = try varint(before: end)
        let valueStart = position
        // Most records have no headers: then their last byte is a zero, right behind the value. Looked at
        // from the end, that byte and the next record can be loaded before the length of the value is known.
        var headers = (start: end, count: 0)
        if valueStart &+ max(valueCount, 0) != end &- 1 || byte(end &- 1) != 0 {
            headers = try Self.headers(in: bytes, from: valueStart, valueCount: valueCount, before: end)
        }
        return ScannedRecord(
            start: start, end: end, timestampDelta: timestampDelta, offsetDelta: offsetDelta,
            keyStart: key.start,
            keyCount: key.count, valueStart: valueStart, valueCount: valueCount, headersStart: headers.start,
            headerCount: headers.count)
    }

    /// Where the headers behind a value of `valueCount` bytes begin and how many they are; throws unless they
    /// end at `end`.
    @inline(never)
    private static func headers(
        in bytes: RawSpan, from valueStart: Int, valueCount: Int, before end: Int
    ) throws(RecordDefect) -> (start: Int, count: Int) {
        guard valueCount <= end - valueStart else { throw .value }
        var scanner = RecordScanner(bytes)
        scanner.position = valueStart + max(valueCount, 0)
        let count = try scanner.varint(before: end)
        let start = scanner.position
        // A header has at least two bytes, so a count beyond half of what is left cannot be true.
        guard count >= 0, count <= (end - start) / 2 else { throw .headerCount }
        for _ in 0..<count { _ = try scanner.header(before: end) }
        guard scanner.position == end else { throw .length }
        return (start, count)
    }

    /// Where name and value of one header lie; a negative count makes a null value, but no name.
    @_lifetime(self: copy self)
    mutating func header(
        before end: Int
    ) throws(RecordDefect) -> (name: Range<Int>, value: Range<Int>?) {
        let name = try nullable(before: end, else: .header)
        guard name.count >= 0 else { throw .header }
        let value = try nullable(before: end, else: .header)
        return (
            name.start..<(name.start + name.count),
            value.count < 0 ? nil : value.start..<(value.start + value.count)
        )
    }
}

/// The lengths and positions of one record; a negative count is null.
struct ScannedRecord: BitwiseCopyable {
    let start: Int
    let end: Int
    let timestampDelta: Int64
    let offsetDelta: Int
    let keyStart: Int
    let keyCount: Int
    let valueStart: Int
    let valueCount: Int
    let headersStart: Int
    let headerCount: Int
}
