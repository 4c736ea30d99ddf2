// What a store in memory consists of, and how it is read.
import Base
import Records
import Storage

/// A batch as it was appended.
struct MemoryBatch: Sendable {
    let header: BatchHeader
    let bytes: [UInt8]
    /// Whether it is kept for good, if nothing before it is missing.
    var isStored = false
}

/// A stretch of a log that is deleted as a whole.
struct MemoryPiece: Sendable {
    let base: Offset
    let openedAt: Timestamp
}

/// How a store in memory makes use of its freedom: which batch is kept first, what is answered later.
package struct MemoryBehaviour: Sendable {
    private let draw: @Sendable (Range<Int>) -> Int

    /// Behaviour that follows what `draw` picks of a range.
    package init(_ draw: @escaping @Sendable (Range<Int>) -> Int) { self.draw = draw }

    /// True `percent` times out of a hundred.
    func chance(_ percent: Int) -> Bool { draw(0..<100) < percent }

    /// One number of a range that is not empty.
    func pick(_ range: Range<Int>) -> Int { draw(range) }
}

/// The bytes of a piece, which come in portions, and now and then only to who waits.
final class MemoryBytes: StoredBytes {
    let place: String
    private let bytes: [UInt8]
    private let behaviour: MemoryBehaviour

    init(_ bytes: [UInt8], of place: String, _ behaviour: MemoryBehaviour) {
        self.place = place
        self.bytes = bytes
        self.behaviour = behaviour
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        if !mayWait, behaviour.chance(50) { return .wouldWait }
        guard position < bytes.count, !buffer.isEmpty else { return .read(0) }
        let most = min(buffer.count, bytes.count - Int(position))
        let count = behaviour.chance(50) ? most : behaviour.pick(1..<(most + 1))
        buffer.copyBytes(from: bytes[Int(position)..<(Int(position) + count)])
        return .read(count)
    }
}
