// Reads a log file batch by batch: for the scan after a crash, compaction, old formats, and inspection.
internal import Base
package import Records
package import Storage

/// The bytes of a log file, in pieces of a megabyte or one batch, whichever is larger.
///
/// Waits for the disk; what is asked for should not move backwards.
package struct BatchReader {
    private static let pieceBytes = 1 << 20

    private let file: any DiskFile
    /// Where the last batch ends at the latest.
    package let end: Int64
    /// What was read last; ranges are places in it.
    package private(set) var piece: [UInt8] = []
    private var start: Int64 = 0

    /// A reader of the first `end` bytes of `file`.
    package init(_ file: any DiskFile, upTo end: Int64) {
        self.file = file
        self.end = end
    }

    /// Where in `piece` the `count` bytes at `position` are; nil if the file has not so many.
    ///
    /// Before it reads, `willRead` hears how many bytes.
    mutating func find(
        _ count: Int, at position: Int64, willRead: (Int) throws(StorageError) -> Void = { _ in }
    ) throws(StorageError) -> Range<Int>? {
        guard position + Int64(count) <= end else { return nil }
        if position < start || position + Int64(count) > start + Int64(piece.count) {
            let wanted = Int(min(Int64(max(count, Self.pieceBytes)), end - position))
            try willRead(wanted)
            piece = try file.bytes(wanted, at: position)
            start = position
        }
        let first = Int(position - start)
        return first + count <= piece.count ? first..<(first + count) : nil
    }

    /// Where in `piece` the batch, or the message of an old format, at `position` is, told by its length
    /// alone.
    ///
    /// Fails with `truncated` where the file ends before it, or it is larger than any.
    package mutating func frame(
        at position: Int64
    ) throws(StorageError) -> Result<(bytes: Range<Int>, magic: Int8), RecordError> {
        let left = Int(end - position)
        guard let prefix = try find(min(left, BatchLayout.prefixSize), at: position) else {
            return .failure(.truncated(needed: BatchLayout.prefixSize, available: 0))
        }
        let size: (bytes: Int, magic: Int8)
        do throws(RecordError) {
            size = try BatchHeader.size(ofBatchBeginning: piece.rawSpan.extracting(prefix))
        } catch { return .failure(error) }
        guard size.bytes <= StorageLimits.batchBytesMax, let bytes = try find(size.bytes, at: position) else {
            return .failure(.truncated(needed: size.bytes, available: left))
        }
        return .success((bytes, size.magic))
    }
}
