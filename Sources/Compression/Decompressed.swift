// The output of a decompression: memory that grows with what is really produced, up to the caller's limit and
// one byte beyond, by which an output that is too large is told from one that just fits. What the input
// claims about its size is never believed alone.
internal import Glibc

/// Decompressed bytes, freed when the value goes.
@safe package struct Decompressed: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    /// How many bytes were produced.
    package private(set) var count = 0
    /// Whether the input is one that Java's clients read and others do not: parts one behind the other, bytes
    /// behind the last one, checksums that are not right.
    package internal(set) var hasOddFraming = false
    private let limitBytes: Int
    private let firstCapacity: Int

    /// The least that is reserved at first, as far as the limit allows.
    static let firstCapacityBytes = 64 << 10
    /// How much larger than its input the first reservation may be.
    static let firstExpansion = 4

    /// An empty buffer for the output of `inputBytes` of compressed bytes.
    init(inputBytes: Int, limitBytes: Int) {
        precondition(
            limitBytes >= 0 && limitBytes < Int.max / 4,
            "the caller of decompress sets a limit that can be added to")
        self.limitBytes = limitBytes
        firstCapacity = max(Self.firstCapacityBytes, inputBytes * Self.firstExpansion)
        unsafe base = nil
    }

    deinit { unsafe free(base) }

    /// The bytes that were produced.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get {
            // The first `count` bytes were written by a codec, and the memory lives as long as self.
            let produced = unsafe UnsafeRawBufferPointer(start: base, count: count)
            return unsafe _overrideLifetime(RawSpan(_unsafeBytes: produced), borrowing: self)
        }
    }

    /// A copy of the bytes as an array.
    package func array() -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Lets `body` write into the room behind what there is; it returns how many bytes it wrote.
    ///
    /// There is room for at least one byte, and for `wanted` where the limit allows it. Throws `exceedsLimit`
    /// when the output became larger than the limit.
    mutating func write(
        wanted: Int = 1, _ body: (UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int
    ) throws(CompressionError) {
        if capacity - count < wanted { try grow(wanted: wanted) }
        let room = unsafe UnsafeMutableRawBufferPointer(
            start: base.map { unsafe $0 + count }, count: capacity - count)
        let written = try unsafe body(room)
        precondition(written >= 0 && written <= room.count, "a codec reports what it wrote into its room")
        count += written
        guard count <= limitBytes else { throw .exceedsLimit(bytes: limitBytes) }
    }

    private mutating func grow(wanted: Int) throws(CompressionError) {
        let needed = min(limitBytes + 1, max(firstCapacity, capacity * 2, count + wanted))
        guard needed > capacity else { return }
        // malloc and realloc, because realloc moves large blocks by remapping their pages.
        guard let moved = unsafe realloc(base, needed) else { throw .outOfMemory }
        unsafe base = moved
        capacity = needed
    }

    /// Appends a copy of `more`.
    mutating func append(_ more: RawSpan) throws(CompressionError) {
        guard more.byteCount > 0 else { return }
        try unsafe write(wanted: more.byteCount) { room throws(CompressionError) in
            // Room is short only where the limit is: filling it says so.
            guard more.byteCount <= room.count else { return room.count }
            unsafe more.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
            return more.byteCount
        }
    }
}
