// gzip (RFC 1952) through zlib, with its header and CRC-32; several members one behind the other are read as
// one stream.
internal import CZlib

enum Gzip {
    /// zlib's `windowBits` for a 32 KiB window inside a gzip wrapper and nothing else.
    private static let windowBits: Int32 = 15 + 16
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
        var stream = unsafe z_stream()
        let opened = unsafe inflateInit2_(
            &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard opened == Z_OK else { throw .library(.gzip, code: Int(opened)) }
        defer { unsafe inflateEnd(&stream) }
        var consumed = 0
        var status = Z_OK
        while status != Z_STREAM_END || consumed < bytes.byteCount {
            if status == Z_STREAM_END { unsafe inflateReset(&stream) }
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
    }
}
