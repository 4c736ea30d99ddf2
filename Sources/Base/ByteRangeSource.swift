// Where bytes that are not in memory come from when a reply is sent. Storage's files are such sources and
// Network reads from them, so neither module needs to know the other.

/// What one attempt to read gave.
package enum ByteRangeRead: Equatable, Sendable {
    /// So many bytes were read; 0 means that the source ends here.
    case read(Int)
    /// The bytes are not in memory and reading them would wait for the disk: read again, on the pool, with
    /// `mayWait`.
    case wouldWait
    /// Reading failed with this errno.
    case failed(errno: Int32)
}

/// Bytes at rest that can be read at any position.
///
/// A reference keeps them readable, also after their file was deleted.
package protocol ByteRangeSource: AnyObject, Sendable {
    /// Reads up to `buffer.count` bytes from `position`.
    ///
    /// Without `mayWait` it never waits for the disk.
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
}
