// Finds batches and messages that lie one behind the other by their lengths alone, as Kafka's readers do:
// what is cut off at the end is passed over, whatever it would have been.
internal import Base
internal import Compression

/// Where one batch of format v2, or one message of an older format, lies.
package struct BatchFrame: Hashable, Sendable {
    /// All of its bytes.
    package let bytes: Range<Int>
    /// The number of its format.
    package let magic: Int8
}

/// Walks the frames of a produce request or of a message set.
package struct BatchFrames: ~Escapable {
    package let bytes: RawSpan
    /// Whether numbers of formats that there are not end the walk; within a compressed message only their use
    /// does.
    private let knowsFormats: Bool
    /// Where the next frame begins.
    package private(set) var position = 0

    /// A walk over `bytes`, of any formats that there are.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.init(bytes, knowsFormats: true)
    }

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, knowsFormats: Bool) {
        self.bytes = bytes
        self.knowsFormats = knowsFormats
    }

    /// The next whole frame; nil where there is none, or only the beginning of one.
    @_lifetime(self: copy self)
    package mutating func next() throws(RecordError) -> BatchFrame? {
        let left = bytes.byteCount - position
        guard left >= BatchLayout.lengthOverhead else { return nil }
        let length = Int(bytes.integer(at: position + BatchLayout.length, as: Int32.self))
        guard length >= LegacyLayout.minimumLength else { throw .corruptHeader(.length) }
        guard left >= BatchLayout.prefixSize else { return nil }
        let magic = bytes.integer(at: position + BatchLayout.magic, as: Int8.self)
        guard !knowsFormats || 0...BatchLayout.currentMagic ~= magic else { throw .unsupportedMagic(magic) }
        // Beyond it the arithmetic of Kafka wraps: it fails, rather than pass over what is cut off.
        guard length <= LegacyLayout.maximumLength else { throw .invalidBatch(.length) }
        let size = length + BatchLayout.lengthOverhead
        guard size <= left else { return nil }
        defer { position += size }
        return BatchFrame(bytes: position..<(position + size), magic: magic)
    }

    /// Compares the checksum of `frame`, which this walk found, with that of its bytes.
    package func verifyChecksum(_ frame: BatchFrame) throws(RecordError) {
        let whole = bytes.extracting(frame.bytes)
        if frame.magic == BatchLayout.currentMagic {
            guard whole.byteCount >= BatchLayout.headerSize else { throw .corruptHeader(.length) }
            return try RecordBatch.verifyChecksum(ofBatch: whole)
        }
        let stored = whole.integer(at: LegacyLayout.checksum, as: UInt32.self)
        let computed = CRC32.checksum(whole.extracting(LegacyLayout.magic...))
        guard stored == computed else { throw .checksumMismatch(stored: stored, computed: computed) }
    }

    /// The attributes of `frame`, which this walk found.
    package func attributes(_ frame: BatchFrame) -> BatchAttributes {
        let start = frame.bytes.lowerBound
        // A whole frame of format v2 may be shorter than its header.
        guard frame.magic == BatchLayout.currentMagic, frame.bytes.count >= BatchLayout.headerSize else {
            let bits = bytes.integer(at: start + LegacyLayout.attributes, as: UInt8.self)
            return BatchAttributes(rawValue: UInt16(bits))
        }
        return BatchAttributes(rawValue: bytes.integer(at: start + BatchLayout.attributes))
    }
}
