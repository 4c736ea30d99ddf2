// Zstandard. Frames one behind the other are read as one stream, as Kafka does. A frame may ask for a window
// of memory: it is bounded by Limits.zstdWindowLog, and a context that served a large one is not kept.
internal import Base
internal import CZstd

enum Zstd {
    private static let defaultLevel = 3
    /// The most memory that a context may hold and still be kept for the next use.
    private static let idleContextMaxBytes = 4 << 20
    /// How much room lets most frames be decompressed in few steps.
    private static let roomWanted = 64 << 10

    private static let compressors = unsafe ContextPool(free: { unsafe ZSTD_freeCCtx($0) })
    private static let decompressors = unsafe ContextPool(free: { unsafe ZSTD_freeDCtx($0) })

    static func compress(_ bytes: RawSpan, level: Int?) throws(CompressionError) -> [UInt8] {
        guard let context = unsafe compressors.take() ?? ZSTD_createCCtx() else {
            throw .library(.zstd, code: 0)
        }
        defer { unsafe compressors.give(context, keep: ZSTD_sizeof_CCtx(context) <= idleContextMaxBytes) }
        let level = Int32(
            clamping: min(max(level ?? defaultLevel, Int(ZSTD_minCLevel())), Int(ZSTD_maxCLevel())))
        unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        let bound = ZSTD_compressBound(bytes.byteCount)
        var result = 0
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            unsafe bytes.withUnsafeBytes { input in
                unsafe result = ZSTD_compress2(
                    context, room.baseAddress, room.count, input.baseAddress, input.count)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else {
            throw .library(.zstd, code: Int(ZSTD_getErrorCode(result).rawValue))
        }
        return frame
    }

    static func decompress(_ bytes: RawSpan, into output: inout Decompressed) throws(CompressionError) {
        guard let context = unsafe decompressors.take() ?? ZSTD_createDCtx() else {
            throw .library(.zstd, code: 0)
        }
        defer { unsafe decompressors.give(context, keep: ZSTD_sizeof_DCtx(context) <= idleContextMaxBytes) }
        unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        unsafe ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, Int32(CompressionCodec.Limits.zstdWindowLog))
        var consumed = 0
        var hint = 0
        var frameEnd: Int?
        var isCutOff = false
        while hint != 0 || consumed < bytes.byteCount {
            if isCutOff {
                guard endsInTime(frameEnd, bytes.byteCount) else { throw .corrupt(.zstd) }
                output.hasOddFraming = true
                return
            }
            try unsafe output.write(wanted: roomWanted) { room throws(CompressionError) in
                var target = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                var taken = 0
                unsafe bytes.extracting(consumed...).withUnsafeBytes { input in
                    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                    unsafe hint = ZSTD_decompressStream(context, &target, &source)
                    taken = unsafe source.pos
                }
                guard ZSTD_isError(hint) == 0 else { throw error(hint) }
                let produced = unsafe target.pos
                guard taken > 0 || produced > 0 else { throw .corrupt(.zstd) }
                consumed += taken
                if hint == 0 { frameEnd = consumed }
                isCutOff = hint != 0 && consumed == bytes.byteCount && produced < room.count
                return produced
            }
        }
    }

    /// How much zstd-jni, which Java's clients read with, takes from its input at once.
    private static let pieceBytes = 131_075

    /// Whether a frame that is cut off at the end of `byteCount` bytes is passed over because the one before
    /// it ended at `frameEnd`.
    ///
    /// zstd-jni does so where that frame ends in the last piece of its input.
    private static func endsInTime(_ frameEnd: Int?, _ byteCount: Int) -> Bool {
        guard let frameEnd else { return false }
        return frameEnd > (byteCount - 1) / pieceBytes * pieceBytes
    }

    private static func error(_ result: Int) -> CompressionError {
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge(.zstd)
        case ZSTD_error_memory_allocation: .library(.zstd, code: Int(ZSTD_error_memory_allocation.rawValue))
        default: .corrupt(.zstd)
        }
    }
}
