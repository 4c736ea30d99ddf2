// Reads a message from borrowed bytes. Every length is compared with the bytes that are left before any
// memory follows it.
package import Base

/// The interpreter that fills a message from bytes.
package struct MessageReader: ~Escapable, FieldCoder {
    /// The whole frame.
    package let frame: RawSpan
    /// The index in `frame` of the next byte.
    package private(set) var position: Int
    package let version: Int16
    /// Whether lengths are compact and structures end in tagged fields.
    package let flexible: Bool
    private let copiesRecords: Bool
    /// What is left of `WireLimits.structureBytesMax`.
    private var structureBytesLeft = WireLimits.structureBytesMax

    /// A reader at byte `start` of `frame`.
    @_lifetime(copy frame)
    package init(
        _ frame: RawSpan, from start: Int = 0, version: Int16, flexible: Bool, copyingRecords: Bool = false
    ) {
        precondition(start >= 0 && start <= frame.byteCount, "a message begins inside its frame")
        self.frame = frame
        position = start
        self.version = version
        self.flexible = flexible
        copiesRecords = copyingRecords
    }

    /// How many bytes are left.
    package var remaining: Int { frame.byteCount - position }

    // MARK: Scalars

    @_lifetime(self: copy self)
    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        value = try integer(name, UInt8.self) != 0
    }
    @_lifetime(self: copy self)
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) {
        value = try integer(name)
    }
    @_lifetime(self: copy self)
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        value = Double(bitPattern: try integer(name))
    }
    @_lifetime(self: copy self)
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        let high = try integer(name, UInt64.self)
        value = UUID(high: high, low: try integer(name))
    }

    // MARK: Strings, bytes, records

    @_lifetime(self: copy self)
    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        guard let text = try text(name, length: stringLength(name)) else { throw fail(.unexpectedNull, name) }
        value = Text(text)
    }
    @_lifetime(self: copy self)
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        value = try text(name, length: stringLength(name)).map { Text($0) }
        if value == nil, !nullable { throw fail(.unexpectedNull, name) }
    }
    @_lifetime(self: copy self)
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        value = try text(name, length: Int(integer(name, Int16.self))).map { Name($0) }
    }
    @_lifetime(self: copy self)
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        guard let range = try range(name) else { throw fail(.unexpectedNull, name) }
        value = copy(range)
    }
    @_lifetime(self: copy self)
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        guard let range = try range(name) else {
            guard nullable else { throw fail(.unexpectedNull, name) }
            value = nil
            return
        }
        value = copy(range)
    }
    @_lifetime(self: copy self)
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        guard let range = try range(name) else {
            value = .null
            return
        }
        value = copiesRecords ? .bytes(copy(range)) : .frame(range)
    }

    // MARK: Structures and arrays

    @_lifetime(self: copy self)
    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        try value.layout(&self)
    }
    @_lifetime(self: copy self)
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        // Kafka writes -1 for null, but 0 where the structure is a tagged field.
        guard try integer(name, Int8.self) > 0 else {
            value = nil
            return
        }
        var present = Value()
        try present.layout(&self)
        value = present
    }
    @_lifetime(self: copy self)
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        guard let count = try elementCount(name, stride: MemoryLayout<Element>.stride) else {
            throw fail(.unexpectedNull, name)
        }
        value = try elements(count)
    }
    @_lifetime(self: copy self)
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        guard let count = try elementCount(name, stride: MemoryLayout<Element>.stride) else {
            guard nullable else { throw fail(.unexpectedNull, name) }
            value = nil
            return
        }
        value = try elements(count)
    }

    @_lifetime(self: copy self)
    private mutating func elements<Element: FieldValue>(_ count: Int) throws(WireError) -> [Element] {
        var elements: [Element] = []
        guard count > 0 else { return elements }
        elements.reserveCapacity(min(count, WireLimits.reservedElementsMax))
        for _ in 0..<count {
            var element = Element()
            try element.layout(&self)
            elements.append(element)
        }
        return elements
    }

    // MARK: Tagged fields

    @_lifetime(self: copy self)
    package mutating func beginTags() throws(WireError) -> TagSection {
        guard flexible else { return TagSection() }
        let count = try varint("")
        guard count > 0 else { return TagSection() }
        return try scanTags(count)
    }

    /// Walks over all fields of the section once, so that its end is known and every length is good.
    @inline(never) @_lifetime(self: copy self)
    private mutating func scanTags(_ count: Int) throws(WireError) -> TagSection {
        var section = TagSection(start: position, count: count)
        for _ in 0..<count {
            _ = try varint("")
            try skip("", varint(""))
        }
        section.end = position
        return section
    }

    @_lifetime(self: copy self)
    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool {
        section.count > 0 ? try findTag(number, &section) : false
    }

    /// Looks for a tag from the section's start, as the order of tags is not relied upon.
    @inline(never) @_lifetime(self: copy self)
    private mutating func findTag(_ number: Int, _ section: inout TagSection) throws(WireError) -> Bool {
        try closeField(&section)
        position = section.start
        for _ in 0..<section.count {
            let candidate = try varint("")
            let length = try varint("")
            if candidate == number {
                section.field = position + length
                return true
            }
            try skip("", length)
        }
        return false
    }

    @_lifetime(self: copy self)
    package mutating func endTags(_ section: inout TagSection) throws(WireError) {
        guard section.count > 0 else { return }
        try closeField(&section)
        position = section.end
    }

    @_lifetime(self: copy self)
    private mutating func closeField(_ section: inout TagSection) throws(WireError) {
        guard section.field > 0 else { return }
        guard position == section.field else {
            throw fail(.taggedFieldEnd(declared: section.field, actual: position), "")
        }
        section.field = 0
    }

    // MARK: Primitives

    @inline(never) @_lifetime(self: copy self)
    private mutating func fail(_ reason: WireError.Reason, _ name: StaticString) -> WireError {
        WireError(reason, at: position, field: name)
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ name: StaticString, _ type: Value.Type = Value.self
    ) throws(WireError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= remaining else { throw fail(.truncated(needed: size, available: remaining), name) }
        defer { position += size }
        // The guard checked the bounds, and every bit pattern is an integer.
        return unsafe Value(
            bigEndian: frame.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: Value.self))
    }

    /// An unsigned varint of at most five bytes.
    @inline(__always) @_lifetime(self: copy self)
    private mutating func varint(_ name: StaticString) throws(WireError) -> Int {
        let first = try integer(name, UInt8.self)
        return first < 0x80 ? Int(first) : try longVarint(name, first)
    }

    @inline(never) @_lifetime(self: copy self)
    private mutating func longVarint(_ name: StaticString, _ first: UInt8) throws(WireError) -> Int {
        var value = UInt32(first & 0x7f)
        for group in 1..<5 {
            let byte = try integer(name, UInt8.self)
            value |= UInt32(byte & 0x7f) << UInt32(7 * group)
            if byte < 0x80 { return Int(value) }
        }
        throw fail(.overlongVarint, name)
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func skip(_ name: StaticString, _ count: Int) throws(WireError) {
        guard count <= remaining else { throw fail(.truncated(needed: count, available: remaining), name) }
        position += count
    }

    /// −1 or below is null.
    @inline(__always) @_lifetime(self: copy self)
    private mutating func stringLength(_ name: StaticString) throws(WireError) -> Int {
        flexible ? try varint(name) - 1 : Int(try integer(name, Int16.self))
    }

    @inline(__always) @_lifetime(self: copy self)
    private mutating func length(_ name: StaticString) throws(WireError) -> Int {
        flexible ? try varint(name) - 1 : Int(try integer(name, Int32.self))
    }

    /// How many elements follow; nil is null (any negative count, as in Kafka).
    ///
    /// An element takes at least one byte in any real message, so that a count above the bytes left is a lie
    /// (Kafka says so too).
    @inline(never) @_lifetime(self: copy self)
    private mutating func elementCount(_ name: StaticString, stride: Int) throws(WireError) -> Int? {
        let count = try length(name)
        guard count >= 0 else { return nil }
        guard count <= remaining else { throw fail(.truncated(needed: count, available: remaining), name) }
        if count > 0 { structureBytesLeft -= WireLimits.arrayOverheadBytes + count * stride }
        guard structureBytesLeft >= 0 else { throw fail(.tooManyElements(count), name) }
        return count
    }

    @inline(never) @_lifetime(self: copy self)
    private mutating func range(_ name: StaticString) throws(WireError) -> Range<Int>? {
        let count = try length(name)
        guard count >= 0 else { return nil }
        let start = position
        try skip(name, count)
        return start..<position
    }

    @inline(never) @_lifetime(self: copy self)
    private mutating func text(_ name: StaticString, length: Int) throws(WireError) -> String? {
        guard length >= 0 else { return nil }
        guard length <= WireLimits.stringBytesMax else { throw fail(.tooLong(length), name) }
        let start = position
        try skip(name, length)
        let bytes = frame.extracting(start..<position)
        let characters = Span<UInt8>(_bytes: bytes)
        do { return String(copying: try UTF8Span(validating: characters)) } catch { return repaired(bytes) }
    }

    @inline(never)
    private func repaired(_ bytes: RawSpan) -> String {
        unsafe bytes.withUnsafeBytes { unsafe MalformedText.repaired(Array($0)) }
    }

    private func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe frame.extracting(range).withUnsafeBytes { unsafe Array($0) }
    }
}
