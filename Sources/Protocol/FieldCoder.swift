// The codec in one idea: a message names its fields once, in wire order, with version guards; reader, writer,
// JSON printer, JSON parser and random filler are interpreters of that one description. Nothing else in Apus
// knows the order of a message's fields.
package import Base

/// What a `layout` talks to: each call names one field of the message and hands over its storage.
///
/// Names are Kafka's own JSON names. Calls stand in wire order. A nullable field that is not nullable in
/// every version says so with `nullable:`; null in another version is an error.
package protocol FieldCoder: ~Copyable, ~Escapable {
    /// The version of the message under way.
    var version: Int16 { get }

    /// One byte; anything but zero is true.
    @_lifetime(self: copy self)
    mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError)
    /// One byte, signed.
    @_lifetime(self: copy self)
    mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError)
    /// Two bytes, signed.
    @_lifetime(self: copy self)
    mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError)
    /// Two bytes, unsigned.
    @_lifetime(self: copy self)
    mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError)
    /// Four bytes, signed.
    @_lifetime(self: copy self)
    mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError)
    /// Four bytes, unsigned.
    @_lifetime(self: copy self)
    mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError)
    /// Eight bytes, signed.
    @_lifetime(self: copy self)
    mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError)
    /// Eight bytes, IEEE 754.
    @_lifetime(self: copy self)
    mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError)
    /// Sixteen bytes.
    @_lifetime(self: copy self)
    mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError)
    /// UTF-8 text of at most `WireLimits.stringBytesMax` bytes, with U+FFFD for what is none: a
    /// `Name` where it identifies something, a `String` where people read it.
    @_lifetime(self: copy self)
    mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text) throws(WireError)
    /// A string or null.
    @_lifetime(self: copy self)
    mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError)
    /// A string or null with a two-byte length even in flexible versions: the client id of a request header.
    @_lifetime(self: copy self)
    mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError)
    /// Opaque bytes, copied.
    @_lifetime(self: copy self)
    mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError)
    /// Opaque bytes or null.
    @_lifetime(self: copy self)
    mutating func nullableBytes(_ name: StaticString, _ value: inout [UInt8]?, nullable: Bool)
        throws(WireError)
    /// Record batches, which are not looked into here.
    @_lifetime(self: copy self)
    mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError)
    /// A nested structure.
    @_lifetime(self: copy self)
    mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value) throws(WireError)
    /// A nested structure or null, told apart by one byte (−1 is null).
    @_lifetime(self: copy self)
    mutating func nullableStructure<Value: Structure>(_ name: StaticString, _ value: inout Value?)
        throws(WireError)
    /// A list of structures or scalars.
    @_lifetime(self: copy self)
    mutating func array<Element: FieldValue>(_ name: StaticString, _ value: inout [Element]) throws(WireError)
    /// A list or null.
    @_lifetime(self: copy self)
    mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError)

    /// Opens the tagged fields (KIP-482) that end every structure of a flexible version; empty in other
    /// versions.
    @_lifetime(self: copy self)
    mutating func beginTags() throws(WireError) -> TagSection
    /// Whether the tagged field `number` is to be coded now: it is there to be read, or differs from its
    /// default and is written.
    @_lifetime(self: copy self)
    mutating func tag(_ number: Int, _ section: inout TagSection, when differsFromDefault: Bool)
        throws(WireError) -> Bool
    /// Closes what `beginTags` opened.
    @_lifetime(self: copy self)
    mutating func endTags(_ section: inout TagSection) throws(WireError)
}

extension FieldCoder where Self: ~Copyable & ~Escapable {
    /// A string or null, nullable in every version that has the field.
    @inline(__always) @_lifetime(self: copy self)
    package mutating func nullableString<Text: WireText>(_ name: StaticString, _ value: inout Text?)
        throws(WireError)
    {
        try nullableString(name, &value, nullable: true)
    }

    /// Bytes or null, nullable in every version that has the field.
    @inline(__always) @_lifetime(self: copy self)
    package mutating func nullableBytes(_ name: StaticString, _ value: inout [UInt8]?) throws(WireError) {
        try nullableBytes(name, &value, nullable: true)
    }

    /// A list or null, nullable in every version that has the field.
    @inline(__always) @_lifetime(self: copy self)
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?
    ) throws(WireError) {
        try nullableArray(name, &value, nullable: true)
    }

    /// The tagged fields of a structure that knows none: unknown ones are skipped, none are written.
    @inline(__always) @_lifetime(self: copy self)
    package mutating func tags() throws(WireError) {
        var section = try beginTags()
        try endTags(&section)
    }
}

/// Where an interpreter stands among the tagged fields of one structure; only interpreters look inside.
package struct TagSection {
    // Reader: where the first tag stands. Writer: where the number of fields stands.
    var start = 0
    // How many fields the section has (reader), or has got so far (writer).
    var count = 0
    // Reader: where the section ends.
    var end = 0
    // Reader: where the field under way must end. Writer: where its payload began. Zero: none is under way.
    var field = 0

    /// Where a section begins; interpreters that keep its place themselves give nothing.
    package init(start: Int = 0, count: Int = 0, end: Int = 0) {
        self.start = start
        self.count = count
        self.end = end
    }
}

/// Anything that can be an element of an array: structures and the scalars below.
package protocol FieldValue: Sendable, Equatable {
    /// The value with every field at its default.
    init()
    /// Names the fields in wire order.
    mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError)
    /// Whether the value is an object of named fields in JSON.
    static var isStructure: Bool { get }
}

extension FieldValue {
    package static var isStructure: Bool { false }
}

/// A value with named fields: a message or a part of one.
package protocol Structure: FieldValue {}

extension Structure {
    package static var isStructure: Bool { true }
}

extension Int8: FieldValue {
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int8("", &self)
    }
}

extension Int16: FieldValue {
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int16("", &self)
    }
}

extension Int32: FieldValue {
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int32("", &self)
    }
}

extension Int64: FieldValue {
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.int64("", &self)
    }
}

/// What a string field is kept as.
package protocol WireText: FieldValue {
    /// The value that `text` spells.
    init(_ text: String)
    /// What is written and printed.
    var text: String { get }
}

extension WireText {
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.string("", &self)
    }
}

extension Name: WireText {
    /// The empty name.
    package init() { self.init("") }
}

extension String: WireText {
    package var text: String { self }
}

extension UUID: FieldValue {
    /// The zero id, which means none.
    package init() { self = .zero }
    package mutating func layout<C: FieldCoder & ~Copyable & ~Escapable>(_ c: inout C) throws(WireError) {
        try c.uuid("", &self)
    }
}
