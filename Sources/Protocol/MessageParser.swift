// Turns JSON back into a message: the inverse of MessagePrinter. A field that is left out keeps its default;
// a name that the version does not have is an error, so that a typing mistake is noticed.
package import Base

/// The interpreter that fills a message from JSON members.
package struct MessageParser: ~Copyable, FieldCoder {
    package let version: Int16
    private let flexible: Bool
    private let skipsOtherVersions: Bool
    /// The members of the structure under way that no field has taken yet.
    private var members: [Name: JSONValue] = [:]

    private init(version: Int16, flexible: Bool, skipsOtherVersions: Bool) {
        self.version = version
        self.flexible = flexible
        self.skipsOtherVersions = skipsOtherVersions
    }

    /// The message of type `type` in `version` whose fields `json` gives.
    ///
    /// Where `skipsOtherVersions`, fields that the version does not have are left out rather than an error.
    package static func message<M: Message>(
        _ type: M.Type, parsing json: JSONValue, version: Int16, skipsOtherVersions: Bool = false
    ) throws(WireError) -> M {
        guard M.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var parser = MessageParser(
            version: version, flexible: M.versions.isFlexible(version), skipsOtherVersions: skipsOtherVersions
        )
        return try parser.value(M.self, "", from: json)
    }

    private func fail(_ name: StaticString, _ text: String) -> WireError {
        WireError(.text(text), field: name)
    }

    private mutating func value<Value: FieldValue>(
        _ type: Value.Type, _ name: StaticString, from json: JSONValue
    ) throws(WireError) -> Value {
        let outer = members
        members = [:]
        if Value.isStructure {
            guard case .object(let given) = json else { throw fail(name, "an object is expected") }
            for member in given where members.updateValue(member.value, forKey: Name(member.key)) != nil {
                throw fail(name, "'\(member.key)' stands twice")
            }
        } else {
            members[""] = json
        }
        var value = Value()
        try value.layout(&self)
        if !skipsOtherVersions, let unknown = members.keys.min() {
            throw fail(name, "version \(version) has no field '\(unknown)'")
        }
        members = outer
        return value
    }

    private mutating func integer<Value: FixedWidthInteger>(
        _ name: StaticString, _ value: inout Value
    ) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        guard let integer = json.integer, let fitting = Value(exactly: integer) else {
            throw fail(name, "an integer of \(Value.bitWidth) bits is expected")
        }
        value = fitting
    }

    private mutating func text<Value>(
        _ name: StaticString, _ value: inout Value, _ kind: StaticString, _ convert: (String) -> Value?
    ) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        guard let text = json.text, let converted = convert(text) else {
            throw fail(name, "\(kind) is expected")
        }
        value = converted
    }

    /// Takes a null away; whether there was one.
    private mutating func takeNull(_ name: StaticString, nullable: Bool) throws(WireError) -> Bool {
        guard members[Name(name.description)] == .null else { return false }
        guard nullable else { throw fail(name, "null is not allowed in version \(version)") }
        members.removeValue(forKey: Name(name.description))
        return true
    }

    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        guard case .bool(let given) = json else { throw fail(name, "true or false is expected") }
        value = given
    }
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) {
        try integer(name, &value)
    }
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        switch json {
        case .integer(let integer): value = Double(integer)
        case .number(let number): value = number
        case .string("NaN"): value = .nan
        case .string("Infinity"): value = .infinity
        case .string("-Infinity"): value = -.infinity
        default: throw fail(name, "a number is expected")
        }
    }
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        try text(name, &value, "an id of 22 base64 characters") { UUID($0) }
    }
    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        try text(name, &value, "a string") { Text($0) }
    }
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        if try takeNull(name, nullable: nullable) {
            value = nil
        } else {
            try text(name, &value, "a string") { Text($0) }
        }
    }
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        try nullableString(name, &value, nullable: true)
    }
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        try text(name, &value, "base64") { Base64.decode($0) }
    }
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        if try takeNull(name, nullable: nullable) {
            value = nil
        } else {
            try text(name, &value, "base64") { Base64.decode($0).map { .some($0) } }
        }
    }
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        if try takeNull(name, nullable: true) {
            value = .null
        } else {
            try text(name, &value, "base64") { text in Base64.decode(text).map { .bytes($0) } }
        }
    }
    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        value = try self.value(Value.self, name, from: json)
    }
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        value = json == .null ? nil : try self.value(Value.self, name, from: json)
    }
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        guard let json = members.removeValue(forKey: Name(name.description)) else { return }
        guard case .array(let given) = json else { throw fail(name, "an array is expected") }
        value = []
        for element in given { value.append(try self.value(Element.self, name, from: element)) }
    }
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        if try takeNull(name, nullable: nullable) {
            value = nil
        } else if members[Name(name.description)] != nil {
            var elements: [Element] = []
            try array(name, &elements)
            value = elements
        }
    }

    package mutating func beginTags() throws(WireError) -> TagSection { TagSection() }
    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool { flexible }
    package mutating func endTags(_ section: inout TagSection) throws(WireError) {}
}
