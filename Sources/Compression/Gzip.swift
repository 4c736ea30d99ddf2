// gzip (RFC 1952) through zlib, with its header and CRC-32; several members one behind the other are read as
// one stream, and what follows the last one is passed over, as Java's reader does both.
internal import CZlib

enum Gzip {
    /// zlib's `windowBits` for a 32 KiB window inside a gzip wrapper and nothing else.
    private static let windowBits: Int32 = 15 + 16
    /// The same without a wrapper.
    fileprivate static let rawWindowBits: Int32 = -15
    /// What Kafka calls level -1 and zlib takes as 6.
    private static let defaultLevel = Int(Z_DEFAULT_COMPRESSION)
    private static let memoryLevel: Int32 = 8

    static func compress(_ bytes: RawSpan, level: Int?) throws(CompressionError) -> [UInt8] {
        let level = Int32(min(max(level ?? defaultLevel, -1), 9))
        var stream = unsafe z_stream()
        let opened = unsafe deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else { throw .library(.gzip, code: Int(opened)) }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, uLong(bytes.byteCount)))
        var status = Z_OK
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            unsafe bytes.withUnsafeBytes { input in
                // zlib only reads from next_in, although its type says otherwise.
                unsafe stream.next_in = UnsafeMutablePointer(
                    mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
                unsafe stream.avail_in = uInt(input.count)
                unsafe stream.next_out = room.baseAddress
                unsafe stream.avail_out = uInt(room.count)
                unsafe status = deflate(&stream, Z_FINISH)
            }
            count = unsafe Int(stream.total_out)
        }
        guard status == Z_STREAM_END else { throw .library(.gzip, code: Int(status)) }
        return compressed
    }

    static func decompress(_ bytes: RawSpan, into output: inout Decompressed) throws(CompressionError) {
        var reader = GzipReader(bytes)
        var start = 0
        repeat {
            guard let body = GzipHeader.end(in: bytes, from: start) else {
                guard start > 0 else { throw .corrupt(.gzip) }
                // What no member begins with is no part of the stream.
                output.hasOddFraming = true
                return
            }
            start = try reader.member(startingAt: body, into: &output)
            if start < bytes.byteCount || GzipHeader.hasUnknownFlags(bytes) { output.hasOddFraming = true }
        } while reader.looksForMore(behind: start)
    }
}

/// The header of a gzip member, by the rules of Java's reader: flags that nobody knows are passed over.
private enum GzipHeader {
    private enum Flag {
        static let checksum: UInt8 = 2
        static let extra: UInt8 = 4
        static let name: UInt8 = 8
        static let comment: UInt8 = 16
        static let unknown: UInt8 = 0b1110_0000
    }
    /// Magic, method, flags, time, extra flags, system.
    private static let fixedSize = 10

    /// Whether the header of the first member, which is known to be one, has flags that stand for nothing.
    static func hasUnknownFlags(_ bytes: RawSpan) -> Bool {
        unsafe bytes.unsafeLoad(fromByteOffset: 3, as: UInt8.self) & Flag.unknown != 0
    }

    /// Where the header that begins at `start` ends; nil if it is none, or not whole.
    static func end(in bytes: RawSpan, from start: Int) -> Int? {
        let count = bytes.byteCount
        func byte(_ position: Int) -> UInt8 {
            unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
        }
        guard count - start >= fixedSize, byte(start) == 0x1f, byte(start + 1) == 0x8b, byte(start + 2) == 8
        else { return nil }
        let flags = byte(start + 3)
        var position = start + fixedSize
        if flags & Flag.extra != 0 {
            guard count - position >= 2 else { return nil }
            position += 2 + Int(byte(position)) + Int(byte(position + 1)) << 8
        }
        for flag in [Flag.name, Flag.comment] where flags & flag != 0 {
            while position < count, byte(position) != 0 { position += 1 }
            position += 1
        }
        guard position <= count else { return nil }
        guard flags & Flag.checksum != 0 else { return position }
        guard count - position >= 2 else { return nil }
        let stored = UInt32(byte(position)) | UInt32(byte(position + 1)) << 8
        guard stored == CRC32.checksum(bytes.extracting(start..<position)) & 0xffff else { return nil }
        return position + 2
    }
}

/// Reads the members of a gzip stream.
///
/// Whether there is another member behind one is decided as Java's reader does, which looks no further than
/// the piece of its input that it has at hand: consumers would not find what lies beyond.
private struct GzipReader: ~Escapable {
    /// How much Kafka's reader takes from its input at once.
    private static let pieceBytes = 8192
    /// Checksum and size behind each member.
    private static let trailerSize = 8
    /// A trailer, the smallest header and another trailer.
    private static let leastWithMember = 26

    private let bytes: RawSpan
    /// Where the piece at hand ends.
    private var pieceEnd = 0
    /// Where the last member's deflate stream ended.
    private var deflateEnd = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Inflates the member whose header ends at `body`, compares its trailer, and returns where that ends.
    @_lifetime(self: copy self)
    mutating func member(startingAt body: Int, into output: inout Decompressed) throws(CompressionError)
        -> Int
    {
        // A header that went beyond the piece at hand was read byte by byte.
        if body >= pieceEnd { pieceEnd = body }
        let first = output.count
        deflateEnd = try inflated(from: body, into: &output)
        while pieceEnd < deflateEnd { pieceEnd = min(pieceEnd + Self.pieceBytes, bytes.byteCount) }
        guard bytes.byteCount - deflateEnd >= Self.trailerSize else { throw .corrupt(.gzip) }
        let produced = output.bytes.extracting(first...)
        let checksum = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: deflateEnd, as: UInt32.self)
        let size = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: deflateEnd + 4, as: UInt32.self)
        guard UInt32(littleEndian: checksum) == CRC32.checksum(produced),
            UInt32(littleEndian: size) == UInt32(truncatingIfNeeded: produced.byteCount)
        else { throw .corrupt(.gzip) }
        return deflateEnd + Self.trailerSize
    }

    /// Whether a reader looks for another member at `end`, behind the last one's trailer.
    func looksForMore(behind end: Int) -> Bool {
        max(pieceEnd, end) < bytes.byteCount || pieceEnd - deflateEnd > Self.leastWithMember
    }

    private func inflated(from body: Int, into output: inout Decompressed) throws(CompressionError) -> Int {
        var stream = unsafe z_stream()
        let opened = unsafe inflateInit2_(
            &stream, Gzip.rawWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else { throw .library(.gzip, code: Int(opened)) }
        defer { unsafe inflateEnd(&stream) }
        var consumed = body
        var status = Z_OK
        while status != Z_STREAM_END {
            try unsafe output.write { room throws(CompressionError) in
                unsafe bytes.extracting(consumed...).withUnsafeBytes { input in
                    unsafe stream.next_in = UnsafeMutablePointer(
                        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
                    unsafe stream.avail_in = uInt(input.count)
                    unsafe stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    unsafe stream.avail_out = uInt(clamping: room.count)
                    unsafe status = inflate(&stream, Z_NO_FLUSH)
                    consumed += unsafe input.count - Int(stream.avail_in)
                }
                guard status == Z_OK || status == Z_STREAM_END else { throw .corrupt(.gzip) }
                return unsafe Int(uInt(clamping: room.count) - stream.avail_out)
            }
        }
        return consumed
    }
}
