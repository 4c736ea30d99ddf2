// Writes a request as a client does, but for some of its fields: those become odd. The sixth interpreter of
// the messages' description, so that it reaches every field of every version.
import Base
import Protocol
import Simulation

/// The interpreter that writes odd requests.
struct OddWriter: ~Copyable, FieldCoder {
    let version: Int16
    private let flexible: Bool
    private(set) var bytes: [UInt8]
    /// How many values it has met, lists included.
    private(set) var fieldCount = 0
    /// Which became odd, and how.
    private(set) var notes: [String] = []
    /// The numbers of those that are to be odd.
    private var targets: Set<Int>
    private var random: SeededRandom
    private let values: OddValues
    /// The list whose elements are under way.
    private var list: StaticString = ""
    /// The tagged fields of the structures under way; the last field's bytes are at the end of `bytes`.
    private var sections: [[(number: Int, start: Int)]] = []

    private init(
        _ bytes: [UInt8], version: Int16, flexible: Bool, targets: Set<Int>, seed: UInt64, _ values: OddValues
    ) {
        self.version = version
        self.flexible = flexible
        self.bytes = bytes
        self.targets = targets
        self.values = values
        random = SeededRandom(seed: seed)
    }

    /// `message` behind `header`, with so many odd fields as far as it has that many.
    static func write(
        _ message: some RequestMessage, behind header: [UInt8], version: Int16, oddFields: Int, seed: UInt64,
        _ values: OddValues
    ) throws -> (bytes: [UInt8], notes: [String]) {
        let flexible = type(of: message).versions.isFlexible(version)
        // Existentials, as this need not be compiled once more for each message.
        var copy: any Message = message
        var counter = OddWriter(
            header, version: version, flexible: flexible, targets: [], seed: seed, values)
        try copy.layout(&counter)
        var random = SeededRandom(seed: seed &+ 1)
        let count = counter.fieldCount
        let targets = Set(
            (0..<(count == 0 ? 0 : oddFields)).map { _ in Int.random(in: 0..<count, using: &random) })
        var writer = OddWriter(
            header, version: version, flexible: flexible, targets: targets, seed: seed, values)
        try copy.layout(&writer)
        return (writer.bytes, writer.notes)
    }

    /// Whether the next value is to be odd.
    private mutating func isOdd() -> Bool {
        fieldCount += 1
        return targets.contains(fieldCount - 1)
    }

    private mutating func note(_ name: StaticString, _ text: String) {
        let field = name.description.isEmpty ? list : name
        notes.append("\(field): \(text.prefix(60))")
    }

    private mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func varint(_ value: Int) {
        var rest = UInt64(truncatingIfNeeded: value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// The length of a list or of bytes; −1 is null.
    private mutating func length(_ length: Int) {
        if flexible { varint(length + 1) } else { put(Int32(truncatingIfNeeded: length)) }
    }

    private mutating func integer<Value: FixedWidthInteger>(_ name: StaticString, _ value: Value) {
        guard isOdd() else { return put(value) }
        let odd =
            switch name.description {
            // Many take long, and what is over before it begins depends on the moment.
            case "numPartitions", "count": Value(random.pick([0, -1, -2, 3]))
            case "timeoutMs": Value(random.pick([60_000, Int32.max]))
            // Who unregisters the only broker ends the comparison.
            case "brokerId": Value(random.pick([0, 2, -1, 7, Int32.min]))
            default: random.odd(value)
            }
        note(name, "\(odd)")
        put(odd)
    }

    private mutating func text(_ name: StaticString, _ text: [UInt8]?, compact: Bool) {
        var text = text
        if isOdd() {
            let field = name.description.isEmpty ? list.description : name.description
            let isWord = OddValues.wordFields.contains(field) && random.chance(60)
            let names =
                random.chance(40) ? Array(values.names.prefix(max(1, values.knownCount))) : values.names
            text = random.chance(15) ? nil : random.pick(isWord ? OddValues.words : names)
            if compact, random.chance(2) { text = Array(repeating: 0x6e, count: OddValues.tooLong) }
            note(name, Self.shown(text))
        }
        if compact { varint((text?.count ?? -1) + 1) } else { put(Int16(text?.count ?? -1)) }
        bytes += text ?? []
    }

    private static func shown(_ text: [UInt8]?) -> String {
        guard let text else { return "null" }
        return text.count > 300
            ? "\(text.count) bytes" : String(decoding: text, as: UTF8.self).debugDescription
    }

    private mutating func blob(_ name: StaticString, _ blob: [UInt8]?) {
        var blob = blob
        if isOdd() {
            let given = blob ?? []
            let changed = given.isEmpty ? [1] : given.enumerated().map { $0 == given.count / 2 ? ~$1 : $1 }
            blob = random.pick([nil, [], [0], Array(given.dropLast()), changed, given + given])
            note(name, blob.map { "\($0.count) bytes" } ?? "null")
        }
        length(blob?.count ?? -1)
        bytes += blob ?? []
    }

    mutating func bool(_ name: StaticString, _ value: inout Bool) throws(WireError) {
        let isOdd = isOdd()
        if isOdd { note(name, "\(!value)") }
        put(UInt8(value != isOdd ? (isOdd && random.chance(20) ? 2 : 1) : 0))
    }
    mutating func int8(_ name: StaticString, _ value: inout Int8) throws(WireError) { integer(name, value) }
    mutating func int16(_ name: StaticString, _ value: inout Int16) throws(WireError) { integer(name, value) }
    mutating func uint16(_ name: StaticString, _ value: inout UInt16) throws(WireError) {
        integer(name, value)
    }
    mutating func int32(_ name: StaticString, _ value: inout Int32) throws(WireError) { integer(name, value) }
    mutating func uint32(_ name: StaticString, _ value: inout UInt32) throws(WireError) {
        integer(name, value)
    }
    mutating func int64(_ name: StaticString, _ value: inout Int64) throws(WireError) { integer(name, value) }
    mutating func float64(_ name: StaticString, _ value: inout Double) throws(WireError) {
        integer(name, value.bitPattern)
    }
    mutating func uuid(_ name: StaticString, _ value: inout UUID) throws(WireError) {
        var id = value
        if isOdd() {
            let index = Int.random(in: values.ids.indices, using: &random)
            id = values.ids[index]
            note(name, "id \(index)")
        }
        put(id.high)
        put(id.low)
    }
    mutating func string<Text: WireText>(_ name: StaticString, _ value: inout Text) throws(WireError) {
        text(name, Array(value.text.utf8), compact: flexible)
    }
    mutating func nullableString<Text: WireText>(
        _ name: StaticString, _ value: inout Text?, nullable: Bool
    ) throws(WireError) {
        text(name, value.map { Array($0.text.utf8) }, compact: flexible)
    }
    mutating func headerString(_ name: StaticString, _ value: inout Name?) throws(WireError) {
        text(name, value.map { Array($0.utf8) }, compact: false)
    }
    mutating func bytes(_ name: StaticString, _ value: inout [UInt8]) throws(WireError) { blob(name, value) }
    mutating func nullableBytes(
        _ name: StaticString, _ value: inout [UInt8]?, nullable: Bool
    ) throws(WireError) {
        blob(name, value)
    }
    mutating func records(_ name: StaticString, _ value: inout RecordsField) throws(WireError) {
        if case .bytes(let bytes) = value { blob(name, bytes) } else { blob(name, nil) }
    }
    mutating func structure<Value: Structure>(_ name: StaticString, _ value: inout Value) throws(WireError) {
        try value.layout(&self)
    }
    mutating func nullableStructure<Value: Structure>(
        _ name: StaticString, _ value: inout Value?
    ) throws(WireError) {
        put(Int8(value == nil ? -1 : 1))
        try value?.layout(&self)
    }
    mutating func array<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]
    ) throws(WireError) {
        let outer = list
        list = name
        defer { list = outer }
        guard isOdd() else { return try elements(value) }
        switch random.pick([0, 1, 1, 2, 2, 3, 3, 3, 3, 4]) {
        case 0:
            note(name, "null")
            length(-1)
        case 1:
            note(name, "empty")
            length(0)
        case 2:
            note(name, "repeated")
            try elements(value + value.suffix(1))
        case 3:
            note(name, "repeated otherwise")
            try elements(value + value.suffix(1), isLastOdd: true)
        default:
            let odd = random.pick([-2, Int(Int32.max), 1_000_000, value.count + 1])
            note(name, "\(odd) elements announced")
            length(odd)
        }
    }

    private mutating func elements<Element: FieldValue>(
        _ elements: [Element], isLastOdd: Bool = false
    ) throws(WireError) {
        length(elements.count)
        for (index, var element) in elements.enumerated() {
            if isLastOdd, index == elements.count - 1 {
                targets.insert(fieldCount + Int.random(in: 0..<4, using: &random))
            }
            try element.layout(&self)
        }
    }

    mutating func nullableArray<Element: FieldValue>(
        _ name: StaticString, _ value: inout [Element]?, nullable: Bool
    ) throws(WireError) {
        if var present = value { return try array(name, &present) }
        let isOdd = isOdd()
        if isOdd { note(name, "empty") }
        length(isOdd ? 0 : -1)
    }

    // MARK: Tagged fields

    mutating func beginTags() throws(WireError) -> TagSection {
        if flexible { sections.append([]) }
        return TagSection()
    }

    mutating func tag(
        _ number: Int, _ section: inout TagSection, when differsFromDefault: Bool
    ) throws(WireError) -> Bool {
        guard flexible else { return false }
        // Now and then a field is sent though it says nothing new.
        guard differsFromDefault || isOdd() else { return false }
        sections[sections.count - 1].append((number, bytes.count))
        return true
    }

    mutating func endTags(_ section: inout TagSection) throws(WireError) {
        guard flexible, let tags = sections.popLast() else { return }
        let start = tags.first?.start ?? bytes.count
        var fields = tags.enumerated().map { index, tag in
            let end = index + 1 < tags.count ? tags[index + 1].start : bytes.count
            return (number: tag.number, payload: Array(bytes[tag.start..<end]))
        }
        bytes.removeLast(bytes.count - start)
        if isOdd() {
            note("tags", "of nobody")
            let unknown = (number: random.pick([0, 1, 25, 10_000]), payload: [UInt8](repeating: 1, count: 3))
            fields.append(unknown)
            if random.chance(20) { fields.append(unknown) }
        }
        varint(fields.count)
        for field in fields {
            varint(field.number)
            varint(field.payload.count)
            bytes += field.payload
        }
    }
}
