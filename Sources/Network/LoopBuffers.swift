// The large areas of a loop: one to receive into and one to send from, shared by its connections because only
// one of them acts at a time. A connection keeps bytes of its own only while a frame is unfinished.

/// The areas that one loop's connections share.
// Unchecked: only code on the loop touches the bytes; the addresses never change.
@safe final class LoopBuffers: @unchecked Sendable {
    /// How much one receive can take: more than a socket's usual queue, less than the processor's second
    /// cache.
    static let inputBytes = 256 << 10
    /// How much one send can take; also the largest piece read from a file at once.
    static let outputBytes = 512 << 10

    /// Where bytes arrive.
    let input: UnsafeMutableRawBufferPointer
    /// Where replies are gathered.
    let output: UnsafeMutableRawBufferPointer

    init() {
        // Both are larger than the allocator's mapping threshold: pages that were never touched cost nothing.
        unsafe input = .allocate(byteCount: Self.inputBytes, alignment: 64)
        unsafe output = .allocate(byteCount: Self.outputBytes, alignment: 64)
    }

    deinit {
        unsafe input.deallocate()
        unsafe output.deallocate()
    }
}
