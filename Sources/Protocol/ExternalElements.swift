// The elements of a long array, written one by one and apart from their message: what tells of tens of
// thousands of things is never in memory as values, and its bytes can go into more than one reply.
internal import Base

/// The elements of an array as bytes, in pieces.
package struct ExternalElements: Sendable {
    /// The name of the array.
    let name: StaticString
    /// How many elements they are.
    package let count: Int
    /// Their bytes, in order; an element is never split.
    package let pieces: [[UInt8]]
    /// How many bytes all pieces have.
    package let byteCount: Int
}

/// Writes the elements of the array called `name`.
package struct ExternalElementsWriter: ~Copyable {
    /// A piece is complete with the element that makes it as long: it leaves in one call, and is small enough
    /// to come from the heap, as larger ones are mapped one by one.
    private static let pieceBytes = 56 << 10

    private let name: StaticString
    private var writer: MessageWriter
    private var pieces: [[UInt8]] = []
    private var count = 0
    private var byteCount = 0

    /// A writer of elements for `message` in `version`.
    package init<Written: Message>(
        _ name: StaticString, of message: Written.Type, version: Int16
    ) throws(WireError) {
        guard Written.versions.range.contains(version) else { throw WireError(.unsupportedVersion(version)) }
        self.name = name
        writer = MessageWriter(
            version: version, flexible: Written.versions.isFlexible(version))
    }

    /// Writes the next element.
    ///
    /// Its messages offer a function of their own, as this one is only fast where it is specialized.
    mutating func append<Element: Structure>(_ element: inout Element) throws(WireError) {
        try element.layout(&writer)
        count += 1
        if writer.byteCount >= Self.pieceBytes { endPiece() }
    }

    private mutating func endPiece() {
        byteCount += writer.byteCount
        pieces.append(writer.take())
    }

    /// What was written.
    package consuming func finish() -> ExternalElements {
        if writer.byteCount > 0 { endPiece() }
        return ExternalElements(name: name, count: count, pieces: pieces, byteCount: byteCount)
    }
}
