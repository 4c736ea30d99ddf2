// Where a turn's entries are put together, with the bytes of their runs read straight into their places.
internal import Base
internal import Records
internal import Storage

/// Memory for whole blocks of the journal, aligned as writes past the system's cache want it, and used again.
///
/// Sendable as only whoever holds the journal's lock uses it.
@safe final class JournalBuffer: @unchecked Sendable {
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var head = ByteWriter(capacity: JournalEntry.headBytesMax)
    private var size = 0
    private var end = 0
    /// What is kept from turn to turn; more is given back with the next smaller turn.
    private static let keptBytes = 1 << 20

    deinit { unsafe memory.deallocate() }

    /// All blocks, with zeros behind the last entry.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let filled = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<size]))
            return unsafe _overrideLifetime(filled, borrowing: self)
        }
    }

    /// Begins anew with `size` bytes of zeros.
    func begin(_ size: Int) {
        let room = unsafe memory.count
        if size > room || room > max(size, Self.keptBytes) {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: size, alignment: JournalLimits.blockBytes)
        }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<size]).initializeMemory(
            as: UInt8.self, repeating: 0)
        self.size = size
        end = 0
    }

    /// Adds an entry, of a run with its bytes in `file`; false if they cannot be had.
    func append(_ entry: JournalEntry, _ file: (any DiskFile)?) -> Bool {
        precondition(end + entry.sizeInBytes <= size, "the journal counted the bytes of its turn")
        var entry = entry
        let first = end + entry.headBytes
        if let file {
            let place = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[first..<(first + entry.length)])
            guard unsafe file.fill(place, from: entry.position) else { return false }
            let run = bytes.extracting(first..<(first + entry.length))
            guard let header = try? BatchHeader(reading: run) else { return false }
            entry.baseOffset = header.baseOffset
            entry.checksum = CRC32C.checksum(run)
        }
        head.bytes.removeAll(keepingCapacity: true)
        entry.writeHead(into: &head)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[end..<first]).copyBytes(from: head.bytes)
        end = first + entry.length
        return true
    }
}
