// The lz4 frame format. Clients of the first Kafka versions with lz4 computed the checksum of the frame's
// header over the wrong bytes (magic included), and such clients still expect it in message sets of magic 0:
// there it is written so, and not compared on reading. Frames are written by the library and read block by
// block: the library's own reader of frames takes what Java's consumers do not.
internal import Base
internal import CLZ4

enum LZ4 {
    fileprivate static let frameMagic: UInt32 = 0x184d_2204
    /// The frame's magic in front of its descriptor.
    fileprivate static let magicSize = 4
    /// The level that Kafka calls its default and that stands for the fast compressor; all others are of the
    /// slow one.
    private static let fastLevel = 9

    static func compress(
        _ bytes: RawSpan, level: Int?, dialect: CompressionDialect
    ) throws(CompressionError) -> [UInt8] {
        var preferences = LZ4F_preferences_t()
        // Java's reader knows no dependent blocks and takes no content size.
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        let level = level ?? fastLevel
        preferences.compressionLevel =
            level == fastLevel ? 0 : Int32(min(max(level, Int(LZ4HC_CLEVEL_MIN)), 12))
        let bound = unsafe LZ4F_compressFrameBound(bytes.byteCount, &preferences)
        var result = 0
        var frame = unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            unsafe bytes.withUnsafeBytes { input in
                unsafe result = LZ4F_compressFrame(
                    room.baseAddress, room.count, input.baseAddress, input.count, &preferences)
            }
            count = LZ4F_isError(result) == 0 ? result : 0
        }
        guard LZ4F_isError(result) == 0 else { throw .library(.lz4, code: result) }
        if dialect == .magic0 {
            let checksumAt = magicSize + 2
            frame[checksumAt] = unsafe headerChecksum(frame.span.bytes.extracting(0..<checksumAt))
        }
        return frame
    }

    /// The content of the first frame in `bytes`, by the rules of Kafka's reader: what follows the frame is
    /// passed over, and neither checksum nor size of the whole content has to be right.
    static func decompress(
        _ bytes: RawSpan, into output: inout Decompressed, dialect: CompressionDialect
    ) throws(CompressionError) {
        let header = try LZ4Header(bytes, comparesChecksum: dialect == .current)
        let first = output.count
        var position = header.size
        while true {
            guard bytes.byteCount - position >= 4 else { throw .corrupt(.lz4) }
            let word = word(bytes, position)
            position += 4
            let size = Int(word & ~storedFlag)
            guard size > 0 else { break }
            guard size <= header.blockBytesMax, size <= bytes.byteCount - position else {
                throw .corrupt(.lz4)
            }
            let block = bytes.extracting(position..<(position + size))
            if word & storedFlag == 0 {
                try decompressBlock(block, upTo: header.blockBytesMax, into: &output)
            } else {
                try output.append(block)
            }
            position += size
            guard header.hasBlockChecksums else { continue }
            guard bytes.byteCount - position >= 4, self.word(bytes, position) == XXH32.checksum(block) else {
                throw .corrupt(.lz4)
            }
            position += 4
        }
        if header.hasContentChecksum {
            guard bytes.byteCount - position >= 4 else { throw .corrupt(.lz4) }
            position += 4
        }
        let isRight = header.isRight(of: output.bytes.extracting(first...), frameEnding: bytes, at: position)
        output.hasOddFraming = !isRight || position < bytes.byteCount
    }

    /// The flag of a block that is stored as it is, in the word with its size.
    private static let storedFlag: UInt32 = 1 << 31
    /// No byte of a block stands for more than so many.
    private static let expansionMax = 255

    private static func decompressBlock(
        _ block: RawSpan, upTo limit: Int, into output: inout Decompressed
    ) throws(CompressionError) {
        let wanted = min(limit, block.byteCount * expansionMax)
        try unsafe output.write(wanted: wanted) { room throws(CompressionError) in
            let target = Int32(min(wanted, room.count))
            // Room is short only where the limit of the output is near; then as much as fits tells whether
            // that is too much.
            let produced = unsafe block.withUnsafeBytes { input in
                let source = unsafe input.baseAddress?.assumingMemoryBound(to: CChar.self)
                let destination = unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self)
                return target == wanted
                    ? unsafe LZ4_decompress_safe(source, destination, Int32(input.count), target)
                    : unsafe LZ4_decompress_safe_partial(
                        source, destination, Int32(input.count), target, target)
            }
            guard produced > 0 else { throw .corrupt(.lz4) }
            return Int(produced)
        }
    }

    fileprivate static func word(_ bytes: RawSpan, _ position: Int) -> UInt32 {
        unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// The second byte of the checksum of a frame's descriptor.
    fileprivate static func headerChecksum(_ bytes: RawSpan) -> UInt8 {
        UInt8(truncatingIfNeeded: XXH32.checksum(bytes) >> 8)
    }
}

/// The header of an lz4 frame, of which Kafka's reader wants independent blocks and no dictionary.
private struct LZ4Header {
    /// How many bytes it takes.
    let size: Int
    let blockBytesMax: Int
    let hasBlockChecksums: Bool
    let hasContentChecksum: Bool
    /// 0 where the header has none.
    let contentSize: UInt64

    private enum Flag {
        static let reserved: UInt8 = 0b0000_0011
        static let contentChecksum: UInt8 = 0b0000_0100
        static let contentSize: UInt8 = 0b0000_1000
        static let blockChecksums: UInt8 = 0b0001_0000
        static let independentBlocks: UInt8 = 0b0010_0000
        static let version: UInt8 = 0b1100_0000
        /// The only version that there is.
        static let version1: UInt8 = 0b0100_0000
    }
    /// All bits of the block descriptor but those that say how large a block may be.
    private static let descriptorReserved: UInt8 = 0b1000_1111

    /// Whether size and checksum of the whole content are those of `content`; the frame ends at `end`.
    func isRight(of content: RawSpan, frameEnding bytes: RawSpan, at end: Int) -> Bool {
        // A size of 0 says nothing.
        guard contentSize == 0 || contentSize == UInt64(content.byteCount) else { return false }
        return !hasContentChecksum || LZ4.word(bytes, end - 4) == XXH32.checksum(content)
    }

    init(_ bytes: RawSpan, comparesChecksum: Bool) throws(CompressionError) {
        let descriptor = LZ4.magicSize
        guard bytes.byteCount >= descriptor + 3, LZ4.word(bytes, 0) == LZ4.frameMagic else {
            throw .corrupt(.lz4)
        }
        let flags = unsafe bytes.unsafeLoad(fromByteOffset: descriptor, as: UInt8.self)
        let blocks = unsafe bytes.unsafeLoad(fromByteOffset: descriptor + 1, as: UInt8.self)
        guard
            flags & (Flag.reserved | Flag.version | Flag.independentBlocks)
                == Flag.version1 | Flag.independentBlocks,
            blocks & Self.descriptorReserved == 0, blocks >> 4 >= 4
        else { throw .corrupt(.lz4) }
        blockBytesMax = 1 << (8 + 2 * Int(blocks >> 4))
        hasBlockChecksums = flags & Flag.blockChecksums != 0
        hasContentChecksum = flags & Flag.contentChecksum != 0
        let hasSize = flags & Flag.contentSize != 0
        let end = descriptor + (hasSize ? 10 : 2)
        guard bytes.byteCount > end else { throw .corrupt(.lz4) }
        contentSize =
            hasSize
            ? unsafe UInt64(
                littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: descriptor + 2, as: UInt64.self))
            : 0
        size = end + 1
        guard comparesChecksum else { return }
        let stored = unsafe bytes.unsafeLoad(fromByteOffset: end, as: UInt8.self)
        guard stored == LZ4.headerChecksum(bytes.extracting(descriptor..<end)) else { throw .corrupt(.lz4) }
    }
}
