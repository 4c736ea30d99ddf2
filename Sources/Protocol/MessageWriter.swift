// Writes a message. Tagged fields are written in place and their length put in front of them afterwards, so
// that no second pass over the message is needed to know a size.
package import Base

/// The interpreter that appends a message to bytes.
///
/// Safe, as every store is preceded by a comparison with `capacity`, and the memory is its own until
/// `deinit`.
@safe
package struct MessageWriter: ~Copyable, FieldCoder {
    package let version: Int16
    /// Whether lengths are compact and structures end in tagged fields.
    package let flexible: Bool
    /// Owned, `capacity` bytes, of which `count` are written: an array would check its uniqueness at every
    /// store.
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0
    private var cuts: [RecordsCut] = []
    /// The elements of an array that were written beforehand.
    private var elements: ExternalElements?

    /// A writer with room for `capacity` bytes, which grows as it needs to.
    package init(version: Int16, flexible: Bool, capacity: Int = 256) {
        self.version = version
        self.flexible = flexible
        self.capacity = capacity
        unsafe storage = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
    }

    deinit { unsafe storage.deallocate() }

    /// Has the array called `name`, which the message leaves empty, announce elements that were written
    /// beforehand, and cuts the bytes where they belong.
    mutating func announce(_ elements: ExternalElements) { self.elements = elements }

    /// How many bytes were written since the last `take`.
    var byteCount: Int { count }

    /// Takes out what was written since the last time.
    mutating func take() -> [UInt8] {
        defer { count = 0 }
        return written
    }

    /// What was written, and where external records belong.
    package consuming func finish() -> (bytes: [UInt8], cuts: [RecordsCut]) {
        (written, cuts)
    }

    private var written: [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: storage, count: count))
    }

    /// The same as a frame: puts the number of bytes that follow, external records included, into the first
    /// four.
    package consuming func finishFrame() throws(WireError) -> EncodedFrame {
        precondition(count >= 4, "a frame begins with room for its size")
        let whole = cuts.reduce(count) { $0 + $1.length }
        guard let size = Int32(exactly: whole - 4) else { throw WireError(.tooLong(whole)) }
        unsafe storage.storeBytes(of: size.bigEndian, as: Int32.self)
        return EncodedFrame(bytes: written, cuts: cuts)
    }

    /// Appends an integer that is no field of the message: a size, a header's number.
    package mutating func prefix(_ value: Int32) { put(value) }

    /// Appends the empty tagged fields that end a flexible header.
    package mutating func prefixNoTags() { put(UInt8(0)) }

    /// Appends bytes that were encoded before, such as a header.
    package mutating func prefix(_ bytes: [UInt8]) { raw(unsafe bytes.span.bytes) }

    // MARK: Scalars

    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        put(UInt8(value ? 1 : 0))
    }
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) {
        put(value)
    }
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) {
        put(value)
    }
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        put(value)
    }
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) {
        put(value)
    }
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        put(value)
    }
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) {
        put(value)
    }
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        put(value.bitPattern)
    }
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        put(value.high)
        put(value.low)
    }

    // MARK: Strings, bytes, records

    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        try text(name, value.text, compact: flexible)
    }
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        guard let present = value else {
            try null(name, nullable: nullable, wide: Int16(-1))
            return
        }
        try text(name, present.text, compact: flexible)
    }
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        guard let present = value else {
            put(Int16(-1))
            return
        }
        try text(name, present.text, compact: false)
    }
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        try length(name, value.count)
        raw(unsafe value.span.bytes)
    }
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        guard let present = value else {
            try null(name, nullable: nullable, wide: Int32(-1))
            return
        }
        try length(name, present.count)
        raw(unsafe present.span.bytes)
    }
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        switch value {
        case .null: try null(name, nullable: true, wide: Int32(-1))
        case .bytes(let bytes):
            try length(name, bytes.count)
            raw(unsafe bytes.span.bytes)
        case .external(let bytes):
            try length(name, bytes)
            cuts.append(RecordsCut(position: count, length: bytes))
        case .frame:
            preconditionFailure(
                "ranges of a request's frame are never written; its reader copies or cuts them")
        }
    }

    // MARK: Structures and arrays

    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        try value.layout(&self)
    }
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        guard var present = value else {
            put(Int8(-1))
            return
        }
        put(Int8(1))
        try present.layout(&self)
    }
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        if value.isEmpty, elements != nil { return try announceElements(name) }
        try length(name, value.count)
        // In place: nothing is changed, and nothing copied where the message is consumed by its writing.
        for index in value.indices { try value[index].layout(&self) }
    }
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        guard var present = value.take() else {
            try null(name, nullable: nullable, wide: Int32(-1))
            return
        }
        try array(name, &present)
        value = present
    }

    @inline(never)
    private mutating func announceElements(_ name: StaticString) throws(WireError) {
        guard let announced = elements, announced.name.description == name.description else {
            return try length(name, 0)
        }
        try length(name, announced.count)
        cuts.append(RecordsCut(position: count, length: announced.byteCount))
        elements = nil
    }

    // MARK: Tagged fields

    package mutating func beginTags() throws(WireError) -> TagSection {
        let section = TagSection(start: count)
        if flexible { put(UInt8(0)) }
        return section
    }

    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool {
        guard flexible, differsFromDefault else { return false }
        closeField(&section)
        section.count += 1
        varint(number)
        section.field = count
        return true
    }

    package mutating func endTags(_ section: inout TagSection) throws(WireError) {
        guard section.count > 0 else { return }
        closeField(&section)
        precondition(section.count < 0x80, "a structure has fewer than 128 tagged fields")
        unsafe storage.storeBytes(of: UInt8(section.count), toByteOffset: section.start, as: UInt8.self)
    }

    /// Puts the length in front of the field that was just written.
    @inline(never)
    private mutating func closeField(_ section: inout TagSection) {
        guard section.field > 0 else { return }
        let length = count - section.field
        let size = unsignedVarintSize(UInt64(length))
        if capacity - count < size { grow(by: size) }
        let payload = unsafe storage + section.field
        unsafe (payload + size).copyMemory(from: payload, byteCount: length)
        count = section.field
        varint(length)
        count += length
        section.field = 0
    }

    // MARK: Primitives

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = 2 * capacity + more
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        unsafe larger.copyMemory(from: storage, byteCount: count)
        unsafe storage.deallocate()
        unsafe storage = larger
    }

    @inline(__always)
    private mutating func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        let size = MemoryLayout<Value>.size
        if capacity - count < size { grow(by: size) }
        // The line above made the room.
        unsafe storage.storeBytes(of: value.bigEndian, toByteOffset: count, as: Value.self)
        count += size
    }

    @inline(__always)
    private mutating func varint(_ value: Int) {
        var rest = value
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func raw(_ bytes: RawSpan) {
        guard bytes.byteCount > 0 else { return }
        if capacity - count < bytes.byteCount { grow(by: bytes.byteCount) }
        unsafe bytes.withUnsafeBytes { from in
            guard let base = from.baseAddress else { return }
            unsafe (storage + count).copyMemory(from: base, byteCount: from.count)
        }
        count += bytes.byteCount
    }

    @inline(never)
    private mutating func text(_ name: StaticString, _ value: String, compact: Bool) throws(WireError) {
        let characters = value.utf8Span.span
        guard characters.count <= WireLimits.stringBytesMax else {
            throw WireError(.tooLong(characters.count), at: count, field: name)
        }
        if compact { varint(characters.count + 1) } else { put(Int16(characters.count)) }
        raw(unsafe characters.bytes)
    }

    private mutating func length(_ name: StaticString, _ length: Int) throws(WireError) {
        guard length < Int(Int32.max) else { throw WireError(.tooLong(length), at: count, field: name) }
        if flexible { varint(length + 1) } else { put(Int32(length)) }
    }

    private mutating func null<Wide: FixedWidthInteger & BitwiseCopyable>(
        _ name: StaticString, nullable: Bool, wide: Wide
    ) throws(WireError) {
        guard nullable else { throw WireError(.unexpectedNull, at: count, field: name) }
        if flexible { put(UInt8(0)) } else { put(wide) }
    }
}
