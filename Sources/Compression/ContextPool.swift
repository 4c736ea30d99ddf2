// Keeps a few contexts of a compression library for the next use: making one costs more than compressing a
// small batch with it.
internal import Base

/// Idle contexts of one kind.
@safe final class ContextPool: Sendable {
    private let idle = Lock<[UInt]>([])
    private let free: @Sendable (OpaquePointer) -> Int

    /// An empty pool, which gives contexts back with `free`.
    init(free: @escaping @Sendable (OpaquePointer) -> Int) {
        unsafe self.free = free
    }

    /// An idle context, which then belongs to the caller; nil if there is none.
    func take() -> OpaquePointer? {
        // Kept as an address: only one owner at a time ever turns it into a pointer again.
        unsafe idle.withLock { $0.popLast() }.flatMap { unsafe OpaquePointer(bitPattern: $0) }
    }

    /// Keeps `context` for the next use if it may be kept and there is room, else frees it.
    func give(_ context: OpaquePointer, keep: Bool) {
        let isKept =
            keep
            && idle.withLock { contexts in
                guard contexts.count < CompressionCodec.Limits.idleContexts else { return false }
                contexts.append(UInt(bitPattern: context))
                return true
            }
        if !isKept { _ = unsafe free(context) }
    }
}
