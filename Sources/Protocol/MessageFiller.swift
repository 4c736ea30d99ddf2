// Fills a message with random values from a seed, so that property tests and fuzzers reach every field of
// every version.
package import Base

/// SplitMix64: small, fast, the same on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that gives the same numbers for the same seed.
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// The interpreter that makes values up; strings, bytes and arrays stay short.
package struct MessageFiller: ~Copyable, FieldCoder {
    package let version: Int16
    private let flexible: Bool
    private var generator: SeededGenerator
    private var depth = 0

    private init(version: Int16, flexible: Bool, seed: UInt64) {
        self.version = version
        self.flexible = flexible
        generator = SeededGenerator(seed: seed)
    }

    /// A message of type `type` in which `seed` decides over every field that `version` has.
    package static func message<M: Message>(_ type: M.Type, version: Int16, seed: UInt64) throws(WireError)
        -> M
    {
        var filler = MessageFiller(version: version, flexible: M.versions.isFlexible(version), seed: seed)
        // An existential, as random filling need not be compiled once more for each message.
        var message: any Message = M()
        try message.layout(&filler)
        return message as? M ?? M()
    }

    /// Mostly values at the edges of the type, sometimes any.
    private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value {
        switch generator.next() % 8 {
        case 0: 0
        case 1: .max
        case 2: .min
        case 3: Value(truncatingIfNeeded: -1)
        case 4, 5: Value(truncatingIfNeeded: generator.next() % 100)
        default: Value(truncatingIfNeeded: generator.next())
        }
    }

    private mutating func isNull(_ nullable: Bool) -> Bool { nullable && generator.next() % 4 == 0 }

    private mutating func text() -> String {
        let alphabet: [String] = [
            "a", "Z", "0", "-", "_", ".", " ", "\"", "\\", "\n", "\u{1}", "é", "e\u{301}", "€", "😀",
        ]
        // Now and then long enough for a two-byte compact length.
        let count = generator.next() % 32 == 0 ? 200 : generator.next() % 12
        return (0..<count).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }.joined()
    }

    private mutating func blob() -> [UInt8] {
        (0..<(generator.next() % 24)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    /// Three at most, fewer the deeper the array lies.
    private mutating func elements<Element: FieldValue>() throws(WireError) -> [Element] {
        depth += 1
        let count = generator.next() % UInt64(max(2, 5 - depth))
        var elements: [Element] = []
        for _ in 0..<count {
            var element = Element()
            try element.layout(&self)
            elements.append(element)
        }
        depth -= 1
        return elements
    }

    package mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        value = generator.next() & 1 == 1
    }
    package mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) {
        value = integer()
    }
    package mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) {
        value = integer()
    }
    package mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        value = integer()
    }
    package mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) {
        value = integer()
    }
    package mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        value = integer()
    }
    package mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) {
        value = integer()
    }
    package mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        let bits = Double(bitPattern: generator.next())
        value = bits.isFinite ? bits : 0.5
    }
    package mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        value = isNull(true) ? .zero : UUID(high: generator.next(), low: generator.next())
    }
    package mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text)
        throws(WireError)
    {
        value = Text(text())
    }
    package mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        value = isNull(nullable) ? nil : Text(text())
    }
    package mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        value = isNull(true) ? nil : Name(text())
    }
    package mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) {
        value = blob()
    }
    package mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        value = isNull(nullable) ? nil : blob()
    }
    package mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        value = isNull(true) ? .null : .bytes(blob())
    }
    package mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value)
        throws(WireError)
    {
        try value.layout(&self)
    }
    package mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        guard !isNull(true) else {
            value = nil
            return
        }
        var present = Value()
        try present.layout(&self)
        value = present
    }
    package mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        value = try elements()
    }
    package mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        value = isNull(nullable) ? nil : try elements()
    }

    package mutating func beginTags() throws(WireError) -> TagSection { TagSection() }
    package mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool { flexible && generator.next() & 1 == 1 }
    package mutating func endTags(_ section: inout TagSection) throws(WireError) {}
}
