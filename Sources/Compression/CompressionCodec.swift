// The codecs of record batches. All of them work on whole buffers: a batch is bounded by message.max.bytes,
// and what comes out of it by the limit that every decompression takes.

/// How the records of a batch are compressed; the raw values are those of the batch attributes.
package enum CompressionCodec: UInt8, CaseIterable, Sendable {
    case none = 0
    case gzip = 1
    case snappy = 2
    case lz4 = 3
    case zstd = 4
}

/// Why bytes could not be compressed or decompressed.
package enum CompressionError: Error, Equatable, Sendable {
    /// The output would be larger than the limit that the caller gave.
    case exceedsLimit(bytes: Int)
    /// The input is not what its codec writes, or ends too early.
    case corrupt(CompressionCodec)
    /// The input asks for more working memory (a zstd window) than is allowed.
    case windowTooLarge(CompressionCodec)
    /// The system had no memory for the output.
    case outOfMemory
    /// A compression library refused: out of memory, or an argument that it does not know.
    case library(CompressionCodec, code: Int)
}

/// Which of the variants of a codec's framing are meant.
package enum CompressionDialect: Sendable {
    /// As in record batches, and in message sets of magic 1.
    case current
    /// As in message sets of magic 0: the checksum of an lz4 frame's header covers the wrong bytes
    /// (KAFKA-3160).
    case magic0
}

extension CompressionCodec {
    /// The bounds of what a compressed batch may ask for.
    package enum Limits {
        /// The largest window of a zstd frame, as a power of two: 128 MiB, the most that other readers accept
        /// by default.
        package static let zstdWindowLog = 27
        /// How large an input of a codec may be: the libraries count in 32 bits.
        package static let inputBytes = Int(Int32.max) / 2
        /// How many contexts of a library are kept for the next use.
        package static let idleContexts = 2
    }

    /// `bytes` compressed at `level` (out of range is moved to the nearest), or at the codec's default.
    package func compress(
        _ bytes: RawSpan, level: Int? = nil, dialect: CompressionDialect = .current
    ) throws(CompressionError) -> [UInt8] {
        guard bytes.byteCount <= Limits.inputBytes else { throw .exceedsLimit(bytes: Limits.inputBytes) }
        switch self {
        case .none: return unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        case .gzip: return try Gzip.compress(bytes, level: level)
        case .snappy: return try Snappy.compress(bytes)
        case .lz4: return try LZ4.compress(bytes, level: level, dialect: dialect)
        case .zstd: return try Zstd.compress(bytes, level: level)
        }
    }

    /// What `bytes` decompress to, at most `limitBytes`.
    ///
    /// Memory follows what is produced, not what the input claims. Throws `exceedsLimit` as soon as one byte
    /// more would come.
    package func decompressed(
        _ bytes: RawSpan, limitBytes: Int, dialect: CompressionDialect = .current
    ) throws(CompressionError) -> Decompressed {
        guard bytes.byteCount <= Limits.inputBytes else { throw .exceedsLimit(bytes: Limits.inputBytes) }
        var output = Decompressed(inputBytes: bytes.byteCount, limitBytes: limitBytes)
        switch self {
        case .none: try output.append(bytes)
        case .gzip: try Gzip.decompress(bytes, into: &output)
        case .snappy: try Snappy.decompress(bytes, into: &output)
        case .lz4: try LZ4.decompress(bytes, into: &output, dialect: dialect)
        case .zstd: try Zstd.decompress(bytes, into: &output)
        }
        return output
    }

    /// The same as an array.
    package func decompress(
        _ bytes: RawSpan, limitBytes: Int, dialect: CompressionDialect = .current
    ) throws(CompressionError) -> [UInt8] {
        try decompressed(bytes, limitBytes: limitBytes, dialect: dialect).array()
    }
}
