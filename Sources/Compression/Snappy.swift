// Snappy, which has two framings among Kafka's clients: one raw block (librdkafka, Go, …), and the stream of
// snappy-java, also called xerial: a magic, two version numbers, then blocks with their length in front. Both
// are read; the stream is what we write.
internal import Base
internal import CSnappy

enum Snappy {
    private static let streamMagic: [UInt8] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
    /// Magic, version and compatible version.
    private static let streamHeaderSize = 16
    /// How much snappy-java puts into one block.
    private static let streamBlockBytes = 32 << 10
    /// The densest element of the format makes 64 bytes of three, so a block that claims more than 22 times
    /// its size lies.
    private static let expansionMax = 22

    static func compress(_ bytes: RawSpan) throws(CompressionError) -> [UInt8] {
        var writer = ByteWriter(capacity: streamHeaderSize + bytes.byteCount / 2)
        writer.raw(streamMagic)
        writer.integer(Int32(1))
        writer.integer(Int32(1))
        var position = 0
        while position < bytes.byteCount {
            let end = min(position + streamBlockBytes, bytes.byteCount)
            let block = try compressBlock(bytes.extracting(position..<end))
            writer.integer(Int32(block.count))
            writer.raw(block)
            position = end
        }
        return writer.bytes
    }

    private static func compressBlock(_ bytes: RawSpan) throws(CompressionError) -> [UInt8] {
        let bound = snappy_max_compressed_length(bytes.byteCount)
        var status = SNAPPY_OK
        let block = unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            count = bound
            unsafe bytes.withUnsafeBytes { input in
                unsafe room.withMemoryRebound(to: CChar.self) { room in
                    unsafe status = snappy_compress(
                        input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, room.baseAddress,
                        &count)
                }
            }
            if status != SNAPPY_OK { count = 0 }
        }
        guard status == SNAPPY_OK else { throw .library(.snappy, code: Int(status.rawValue)) }
        return block
    }

    static func decompress(_ bytes: RawSpan, into output: inout Decompressed) throws(CompressionError) {
        guard isStream(bytes) else { return try decompressBlock(bytes, into: &output) }
        var position = streamHeaderSize
        // Less than a length at the end is passed over, as snappy-java does.
        while bytes.byteCount - position >= 4 {
            let rest = bytes.extracting(position...)
            // Streams that were joined repeat the header, whose first bytes no length can have.
            if beginsLikeStream(rest) {
                guard rest.byteCount >= streamHeaderSize else { throw .corrupt(.snappy) }
                output.hasOddFraming = true
                guard isStream(rest) else { return }
                let version = unsafe rest.unsafeLoadUnaligned(
                    fromByteOffset: streamMagic.count, as: Int32.self)
                guard Int32(bigEndian: version) >= 1 else { throw .corrupt(.snappy) }
                position += streamHeaderSize
                continue
            }
            var reader = ByteReader(rest)
            let block: Range<Int>
            do throws(ByteError) {
                block = try reader.range(Int(try reader.integer(Int32.self)))
            } catch { throw .corrupt(.snappy) }
            try decompressBlock(rest.extracting(block), into: &output)
            position += block.upperBound
        }
        if position < bytes.byteCount { output.hasOddFraming = true }
    }

    private static func beginsLikeStream(_ bytes: RawSpan) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe $0.starts(with: streamMagic.prefix(4)) }
    }

    private static func isStream(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= streamHeaderSize else { return false }
        return unsafe bytes.withUnsafeBytes { unsafe $0.starts(with: streamMagic) }
    }

    private static func decompressBlock(_ bytes: RawSpan, into output: inout Decompressed)
        throws(CompressionError)
    {
        var length = 0
        let known = unsafe bytes.withUnsafeBytes { input in
            unsafe snappy_uncompressed_length(
                input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, &length)
        }
        guard known == SNAPPY_OK, length <= bytes.byteCount * expansionMax else { throw .corrupt(.snappy) }
        // An empty block is one byte, its length of zero, and needs no room.
        guard length > 0 else {
            guard bytes.byteCount == 1 else { throw .corrupt(.snappy) }
            return
        }
        try unsafe output.write(wanted: length) { room throws(CompressionError) in
            guard length <= room.count else { return room.count }
            var written = room.count
            let status = unsafe bytes.withUnsafeBytes { input in
                unsafe snappy_uncompress(
                    input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count,
                    room.baseAddress?.assumingMemoryBound(to: CChar.self), &written)
            }
            guard status == SNAPPY_OK, written == length else { throw .corrupt(.snappy) }
            return written
        }
    }
}
