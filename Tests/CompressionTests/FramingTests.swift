// The corners of each codec's framing: what other clients write, and what only a liar does.
import Base
import Compression
import Testing

private let text = Array(String(repeating: "to be or not to be, that is the question. ", count: 200).utf8)

@Test(
    "members and frames one behind the other are one stream but in lz4, of which Kafka reads one frame",
    arguments: [CompressionCodec.gzip, .lz4, .zstd, .snappy])
func concatenation(codec: CompressionCodec) throws {
    let first = try codec.compress(text.span.bytes)
    let empty = try codec.compress([UInt8]().span.bytes)
    let joined = first + empty + first
    let output = try codec.decompressed(joined.span.bytes, limitBytes: 1 << 20)
    #expect(output.array() == (codec == .lz4 ? text : text + text))
    #expect(output.hasOddFraming == (codec != .zstd))
    #expect(try !codec.decompressed(first.span.bytes, limitBytes: 1 << 20).hasOddFraming)
}

@Test(
    "bytes behind the last frame are passed over where Kafka's reader does so",
    arguments: [CompressionCodec.gzip, .lz4, .zstd, .snappy])
func trailingBytes(codec: CompressionCodec) throws {
    // Less than a length of a block, and the beginning of a frame.
    for tail: [UInt8] in [[1, 2, 3], [0x28, 0xb5]] {
        let packed = try codec.compress(text.span.bytes) + tail
        guard codec != .zstd || tail[0] == 0x28 else {
            #expect(throws: CompressionError.corrupt(codec)) {
                try codec.decompress(packed.span.bytes, limitBytes: 1 << 20)
            }
            continue
        }
        let output = try codec.decompressed(packed.span.bytes, limitBytes: 1 << 20)
        #expect(output.array() == text && output.hasOddFraming)
    }
}

@Test("raw snappy blocks are read")
func rawSnappy() throws {
    // A literal of five bytes: length 5, tag (5 − 1) << 2, the bytes.
    let block: [UInt8] = [5, 16] + Array("hello".utf8)
    #expect(try CompressionCodec.snappy.decompress(block.span.bytes, limitBytes: 5) == Array("hello".utf8))
    let empty: [UInt8] = [0]
    #expect(try CompressionCodec.snappy.decompress(empty.span.bytes, limitBytes: 0) == [])
    // "ab" and then a copy of ten bytes from two back.
    let copy: [UInt8] = [12, 4, 0x61, 0x62, 0x19, 2]
    #expect(
        try CompressionCodec.snappy.decompress(copy.span.bytes, limitBytes: 12) == Array("abababababab".utf8))
}

@Test("snappy is written as snappy-java's stream")
func xerialHeader() throws {
    let packed = try CompressionCodec.snappy.compress(text.span.bytes)
    #expect(
        Array(packed.prefix(16)) == [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
}

@Test("a snappy length that nothing backs is refused before memory follows it")
func lyingSnappy() {
    let claims: [[UInt8]] = [
        [0xff, 0xff, 0xff, 0xff, 0x07, 0, 0x61],  // 2 GiB − 1
        [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    ]
    for block in claims {
        #expect(throws: CompressionError.corrupt(.snappy)) {
            try CompressionCodec.snappy.decompress(block.span.bytes, limitBytes: Int(Int32.max))
        }
    }
    for length: Int32 in [-1, Int32.min, Int32.max, 100] {
        var stream = ByteWriter()
        stream.raw([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
        stream.integer(length)
        stream.raw([5, 16, 1, 2, 3, 4, 5])
        #expect(throws: CompressionError.corrupt(.snappy)) {
            try CompressionCodec.snappy.decompress(stream.bytes.span.bytes, limitBytes: 1 << 20)
        }
    }
}

@Test("the lz4 frames of magic 0 carry the old header checksum and are read with either")
func oldLZ4Checksum() throws {
    let current = try CompressionCodec.lz4.compress(text.span.bytes)
    let old = try CompressionCodec.lz4.compress(text.span.bytes, dialect: .magic0)
    // Flags and block descriptor as Kafka writes them, and the two checksums as its batches of magic 0 and 1
    // have them.
    #expect(Array(current.prefix(7)) == [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
    #expect(old[6] == 0x1a)
    #expect(old[7...] == current[7...])
    #expect(
        try CompressionCodec.lz4.decompress(old.span.bytes, limitBytes: 1 << 20, dialect: .magic0) == text)
    #expect(
        try CompressionCodec.lz4.decompress(current.span.bytes, limitBytes: 1 << 20, dialect: .magic0) == text
    )
    #expect(throws: CompressionError.corrupt(.lz4)) {
        try CompressionCodec.lz4.decompress(old.span.bytes, limitBytes: 1 << 20)
    }
}

@Test("lz4 frames with dependent blocks, which Java's consumers cannot read, are refused")
func dependentBlocks() throws {
    // Written by the lz4 tool with -BD: 70,000 bytes in blocks of 64 KiB, the second of which refers to the
    // first.
    let text = """
        BCJNGERAXhoBAADSdG8gYmUgb3Igbm90IA0ADxMA////////////////////////////////////////////\
        ////////////////////////////////////////////////////////////////////////////////////\
        ////////////////////////////////////////////////////////////////////////////////////\
        ////////////////////////////////////////////////////////////////////////////////////\
        /////////////////////////////////////////////9VQdG8gYmUbAAAADxMA////////////////////\
        //9pUCB0byBiAAAAANj9adU=
        """
    let frame = try #require(Base64.decode(text))
    #expect(throws: CompressionError.corrupt(.lz4)) {
        try CompressionCodec.lz4.decompress(frame.span.bytes, limitBytes: 70_000)
    }
}

@Test("a zstd frame that asks for too large a window is refused")
func zstdWindow() {
    // Magic, a descriptor without content size, a window of 2^41 bytes, then an empty last block.
    let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00]
    #expect(throws: CompressionError.windowTooLarge(.zstd)) {
        try CompressionCodec.zstd.decompress(frame.span.bytes, limitBytes: 1 << 20)
    }
}

@Test("CRC-32 is zlib's")
func crc32() {
    #expect(CRC32.checksum(Array("123456789".utf8).span.bytes) == 0xcbf4_3926)
    #expect(CRC32.checksum([UInt8]().span.bytes) == 0)
}
