// Bytes become frames: a 4-byte big-endian size, then so many bytes. Frames that arrive whole are handled
// where they were received; what is kept here is only the rest of an unfinished frame, or frames that may not
// be handled yet.
import Glibc

/// The size in front of every frame.
enum FrameSize {
    /// Bytes that the size itself takes.
    static let byteCount = 4

    /// The size at the start of `bytes`, of which there are at least four.
    @inline(__always)
    static func read(_ bytes: UnsafeMutableRawBufferPointer) -> Int32 {
        unsafe Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
    }
}

/// Bytes of one connection that wait for more bytes, or for their turn; no memory while there are none.
@safe struct KeptBytes: ~Copyable {
    /// What the first bytes of a frame get at least, once there are any.
    private static let smallest = 512
    /// What is worth to be given back before everything is.
    private static let largeBytes = 256 << 10
    private var storage: UnsafeMutableRawPointer?
    private var start = 0
    private var end = 0
    /// Bytes of memory held.
    private(set) var capacity = 0

    deinit { unsafe free(storage) }

    /// How many bytes are kept.
    var count: Int { end - start }
    /// Whether there are none.
    var isEmpty: Bool { start == end }

    /// The bytes kept; valid until the next mutating call.
    var bytes: UnsafeMutableRawBufferPointer {
        guard let storage = unsafe storage else {
            return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: storage + start, count: count)
    }

    /// The size of the frame at the front, once its four bytes are there.
    var frameSize: Int32? { count >= FrameSize.byteCount ? unsafe FrameSize.read(bytes) : nil }

    /// How many bytes are missing until the frame's size, or then its end, is there; never negative.
    var missing: Int {
        guard let size = frameSize else { return FrameSize.byteCount - count }
        return max(0, FrameSize.byteCount + Int(size) - count)
    }

    /// Free memory for the next bytes of the unfinished frame, never beyond its end: as much again as has
    /// arrived, so that a size that was only announced reserves nothing.
    mutating func spaceForRest() -> UnsafeMutableRawBufferPointer {
        let wanted = min(missing, max(count, Self.smallest))
        reserve(wanted)
        guard let storage = unsafe storage else {
            return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableRawBufferPointer(start: storage + end, count: min(missing, capacity - end))
    }

    /// Notes that `count` bytes were written into `spaceForRest`.
    mutating func filled(_ count: Int) {
        precondition(count >= 0 && count <= capacity - end, "only space that was given out is filled")
        end += count
    }

    /// Keeps a copy of `more`.
    mutating func append(_ more: UnsafeMutableRawBufferPointer) {
        guard let source = more.baseAddress, more.count > 0 else { return }
        reserve(more.count)
        guard let storage = unsafe storage else { return }
        unsafe (storage + end).copyMemory(from: source, byteCount: more.count)
        end += more.count
    }

    /// Drops `count` bytes from the front.
    mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "only kept bytes are consumed")
        start += count
        if start == end { (start, end) = (0, 0) }
    }

    /// Gives the memory back when nothing is kept, and most of it when little is.
    mutating func trim() {
        guard capacity > 0 else { return }
        guard isEmpty else { return shrink() }
        unsafe free(storage)
        unsafe storage = nil
        (start, end, capacity) = (0, 0, 0)
    }

    /// Drops everything.
    mutating func removeAll() {
        (start, end) = (0, 0)
        trim()
    }

    /// Moves what is kept behind a large frame to a place of its own size.
    private mutating func shrink() {
        guard start > 0, capacity > Self.largeBytes, count < capacity / 2, let old = unsafe storage,
            let small = unsafe malloc(count)
        else { return }
        unsafe small.copyMemory(from: old + start, byteCount: count)
        unsafe free(old)
        unsafe storage = small
        (start, end, capacity) = (0, count, count)
    }

    private mutating func reserve(_ more: Int) {
        guard more > capacity - end else { return }
        if start > 0, let storage = unsafe storage {
            unsafe memmove(storage, storage + start, count)
            (start, end) = (0, count)
            guard more > capacity - end else { return }
        }
        // Grown by what has arrived or arrives now, at most to twice of it, and never beyond the frame's end
        // for its own sake.
        capacity = max(count + more, min(2 * count, count + missing))
        guard let grown = unsafe realloc(storage, capacity) else {
            fatalError("out of memory: \(capacity) bytes")
        }
        unsafe storage = grown
    }
}
