// The lz4 frame format. Clients of the first Kafka versions with lz4 computed the checksum of the frame's
// header over the wrong bytes (magic included), and such clients still expect it in message sets of magic 0:
// there it is written so, and not compared on reading.
internal import Base
internal import CLZ4

enum LZ4 {
    private static let frameMagic: UInt32 = 0x184d_2204
    /// The frame's magic in front of its descriptor.
    private static let magicSize = 4
    /// The level that Kafka calls its default and that stands for the fast compressor; all others are of the
    /// slow one.
    private static let fastLevel = 9
    /// How much room lets most frames be decompressed straight into the output.
    private static let roomWanted = 64 << 10

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

    static func decompress(
        _ bytes: RawSpan, into output: inout Decompressed, dialect: CompressionDialect
    ) throws(CompressionError) {
        guard dialect == .magic0 else { return try decompress(bytes, into: &output) }
        let corrected = try withCorrectHeader(bytes)
        try unsafe decompress(corrected.span.bytes, into: &output)
    }

    private static func decompress(_ bytes: RawSpan, into output: inout Decompressed) throws(CompressionError)
    {
        var created: OpaquePointer?
        let status = unsafe LZ4F_createDecompressionContext(&created, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(status) == 0, let context = unsafe created else {
            throw .library(.lz4, code: status)
        }
        defer { unsafe LZ4F_freeDecompressionContext(context) }
        var consumed = 0
        var hint = 1
        while hint != 0 || consumed < bytes.byteCount {
            try unsafe output.write(wanted: roomWanted) { room throws(CompressionError) in
                var produced = room.count
                var taken = 0
                unsafe bytes.extracting(consumed...).withUnsafeBytes { input in
                    taken = input.count
                    unsafe hint = LZ4F_decompress(
                        context, room.baseAddress, &produced, input.baseAddress, &taken, nil)
                }
                // Neither input nor output moved: the frame goes on, but its bytes are at their end.
                guard LZ4F_isError(hint) == 0, taken > 0 || produced > 0 else { throw .corrupt(.lz4) }
                consumed += taken
                return produced
            }
        }
    }

    /// The frame with the checksum of its header set right, so that the library accepts it.
    private static func withCorrectHeader(_ bytes: RawSpan) throws(CompressionError) -> [UInt8] {
        var frame = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        guard frame.count > magicSize + 2 else { throw .corrupt(.lz4) }
        let flags = frame[magicSize]
        let descriptorSize = 2 + (flags & 0x08 != 0 ? 8 : 0) + (flags & 0x01 != 0 ? 4 : 0)
        guard frame.count > magicSize + descriptorSize else { throw .corrupt(.lz4) }
        let descriptor = magicSize..<(magicSize + descriptorSize)
        frame[descriptor.upperBound] = unsafe headerChecksum(frame.span.bytes.extracting(descriptor))
        return frame
    }

    /// The second byte of xxHash-32 with seed 0, for less than 16 bytes; that is all that a header has.
    private static func headerChecksum(_ bytes: RawSpan) -> UInt8 {
        let (prime1, prime2, prime3): (UInt32, UInt32, UInt32) = (2_654_435_761, 2_246_822_519, 3_266_489_917)
        let (prime4, prime5): (UInt32, UInt32) = (668_265_263, 374_761_393)
        func rotated(_ value: UInt32, by bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
        var hash = prime5 &+ UInt32(bytes.byteCount)
        var position = 0
        while position + 4 <= bytes.byteCount {
            let word = unsafe UInt32(
                littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
            hash = rotated(hash &+ word &* prime3, by: 17) &* prime4
            position += 4
        }
        while position < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            hash = rotated(hash &+ UInt32(byte) &* prime5, by: 11) &* prime1
            position += 1
        }
        hash = (hash ^ hash >> 15) &* prime2
        hash = (hash ^ hash >> 13) &* prime3
        hash ^= hash >> 16
        return UInt8(truncatingIfNeeded: hash >> 8)
    }
}
