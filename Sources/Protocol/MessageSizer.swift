// Counts the bytes that a message will take, without writing them: for budgets, and to reserve exactly what a
// large reply needs.
package import Base

/// The interpreter that only counts.
package struct MessageSizer: ~Copyable, FieldCoder {
    package let version: Int16
    private let flexible: Bool
    private var count = 0

    private init(version: Int16, flexible: Bool) {
        self.version = version
        self.flexible = flexible
    }

    /// How many bytes the body of `message` takes in `version`, external records included.
    package static func byteCount(of message: any Message, version: Int16) throws(WireError) -> Int {
        let versions = type(of: message).versions
        guard versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        var sizer = MessageSizer(version: version, flexible: versions.isFlexible(version))
        var copy = message
        try copy.layout(&sizer)
        return sizer.count
    }

    /// A length field of `wide` bytes, or compact, and what it announces; nil is null.
    private mutating func add(_ name: StaticString, _ length: Int?, announcedBy wide: Int, nullable: Bool)
        throws(WireError)
    {
        guard let length else {
            guard nullable else { throw WireError(.unexpectedNull, at: count, field: name) }
            count += flexible ? 1 : wide
            return
        }
        count += (flexible ? unsignedVarintSize(UInt64(length + 1)) : wide) + length
    }

    private mutating func add<Element: FieldValue>(
        _ name: StaticString, elements: [Element]?, nullable: Bool
    ) throws(WireError) {
        try add(name, elements.map { $0.count }, announcedBy: 4, nullable: nullable)
        guard let elements else { return }
        // The number of elements was counted like bytes.
        count -= elements.count
        for element in elements {
            var copy = element
            try copy.layout(&self)
        }
    }

    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) { count += 1 }
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) { count += 1 }
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) { count += 2 }
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) { count += 2 }
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) { count += 4 }
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) { count += 4 }
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) { count += 8 }
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        count += 8
    }
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) { count += 16 }
    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        try add(name, value.text.utf8.count, announcedBy: 2, nullable: false)
    }
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        try add(name, value?.text.utf8.count, announcedBy: 2, nullable: nullable)
    }
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        count += 2 + (value?.utf8.count ?? 0)
    }
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        try add(name, value.count, announcedBy: 4, nullable: false)
    }
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        try add(name, value?.count, announcedBy: 4, nullable: nullable)
    }
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        try add(name, value == .null ? nil : value.count, announcedBy: 4, nullable: true)
    }
    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        try value.layout(&self)
    }
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        count += 1
        guard var present = value else { return }
        try present.layout(&self)
    }
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        try add(name, elements: value, nullable: false)
    }
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        try add(name, elements: value, nullable: nullable)
    }

    package mutating func beginTags() throws(WireError) -> TagSection {
        // One byte holds the number of tagged fields; the writer relies on the same.
        if flexible { count += 1 }
        return TagSection()
    }
    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool {
        guard flexible, differsFromDefault else { return false }
        closeField(&section)
        count += unsignedVarintSize(UInt64(number))
        section.field = count
        section.count += 1
        return true
    }
    package mutating func endTags(_ section: inout TagSection) throws(WireError) { closeField(&section) }

    private mutating func closeField(_ section: inout TagSection) {
        guard section.count > 0 else { return }
        count += unsignedVarintSize(UInt64(count - section.field))
        section.count = 0
    }
}
