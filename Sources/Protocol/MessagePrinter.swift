// Turns a message into JSON as Kafka's own tools print it: Kafka's names, bytes as base64, ids as URL-safe
// base64, tagged fields only where they differ from their default.
package import Base

/// The interpreter that collects fields as JSON members.
package struct MessagePrinter: ~Copyable, FieldCoder {
    package let version: Int16
    private let flexible: Bool
    /// The members of the structure under way.
    private var members: [JSONMember] = []

    private init(version: Int16, flexible: Bool) {
        self.version = version
        self.flexible = flexible
    }

    /// The fields that `message` has in `version`.
    package static func json(of message: any Message, version: Int16) throws(WireError) -> JSONValue {
        let versions = type(of: message).versions
        guard versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var printer = MessagePrinter(version: version, flexible: versions.isFlexible(version))
        var copy = message
        try copy.layout(&printer)
        return .object(printer.members)
    }

    private mutating func add(_ name: StaticString, _ value: JSONValue) {
        members.append(JSONMember(name.description, value))
    }

    private mutating func value<Value: FieldValue>(of value: Value) throws(WireError) -> JSONValue {
        let outer = members
        members = []
        var copy = value
        try copy.layout(&self)
        let inner = members
        members = outer
        return Value.isStructure ? .object(inner) : inner[0].value
    }

    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        add(name, .bool(value))
    }
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) {
        add(name, .integer(Int64(value)))
    }
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) {
        add(name, .integer(Int64(value)))
    }
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        add(name, .integer(Int64(value)))
    }
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) {
        add(name, .integer(Int64(value)))
    }
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        add(name, .integer(Int64(value)))
    }
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) {
        add(name, .integer(value))
    }
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        add(name, .number(value))
    }
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        add(name, .string(value.description))
    }
    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        add(name, .string(value.text))
    }
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        add(name, value.map { .string($0.text) } ?? .null)
    }
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        add(name, value.map { .string($0.text) } ?? .null)
    }
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        add(name, .string(Base64.encode(value)))
    }
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        add(name, value.map { .string(Base64.encode($0)) } ?? .null)
    }
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        switch value {
        case .null: add(name, .null)
        case .bytes(let bytes): add(name, .string(Base64.encode(bytes)))
        // The bytes lie elsewhere: a log line is content with their number.
        case .frame, .external: add(name, .string("(\(value.count) bytes)"))
        }
    }
    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        add(name, try self.value(of: value))
    }
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        guard let present = value else {
            add(name, .null)
            return
        }
        add(name, try self.value(of: present))
    }
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        var elements: [JSONValue] = []
        for element in value { elements.append(try self.value(of: element)) }
        add(name, .array(elements))
    }
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        guard var present = value else {
            add(name, .null)
            return
        }
        try array(name, &present)
    }

    package mutating func beginTags() throws(WireError) -> TagSection { TagSection() }
    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool { flexible && differsFromDefault }
    package mutating func endTags(_ section: inout TagSection) throws(WireError) {}
}
