// Bytes that an engine keeps, as readers get them.
package import Base

/// Where stored bytes are read.
package protocol StoredBytes: ByteRangeSource {
    /// What to call them in an error.
    var place: String { get }
    /// What is wrong where a read failed, if more is known than its error number.
    var damage: StorageError? { get }
}

extension StoredBytes {
    package var damage: StorageError? { nil }

    /// Reads exactly `count` bytes, waiting for the disk; fewer if the file ends before.
    package func bytes(_ count: Int, at position: Int64) throws(StorageError) -> [UInt8] {
        // All empty arrays are one, which must not be written to from here: other threads have it too.
        guard count > 0 else { return [] }
        var failure: Int32?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            (filled, failure) = unsafe read(whole: UnsafeMutableRawBufferPointer(buffer), at: position)
        }
        if let failure {
            throw damage ?? .io(operation: .read, path: place, errno: failure)
        }
        return bytes
    }

    /// Fills `buffer`, waiting for the disk; false where that fails, or the file ends before.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer, from position: Int64) -> Bool {
        unsafe read(whole: buffer, at: position) == (buffer.count, nil)
    }

    private func read(
        whole buffer: UnsafeMutableRawBufferPointer, at position: Int64
    ) -> (filled: Int, failure: Int32?) {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            switch unsafe read(into: rest, at: position + Int64(filled), mayWait: true) {
            case .read(0): return (filled, nil)
            case .read(let more): filled += more
            case .wouldWait: continue
            case .failed(let errno): return (filled, errno)
            }
        }
        return (filled, nil)
    }
}

extension [UInt8] {
    /// The bytes, borrowed.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            // Marked unsafe for types with padding; bytes have none.
            unsafe span.bytes
        }
    }
}
