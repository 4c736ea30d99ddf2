// Walks the whole batches of a segment, reading pieces of a megabyte or one batch, whichever is larger.
internal import Base
internal import Records
internal import Storage

private let pieceBytes = 1 << 20

/// Visits the batches in `range` of `file`, each with its position, until `visit` returns false.
///
/// Before each read `willRead` hears how many bytes it takes. Waits for the disk.
/// - Throws: `.corrupt` where no whole batch is.
func walkBatches(
    of file: any DiskFile, in range: Range<Int64>, willRead: (Int) throws(StorageError) -> Void = { _ in },
    _ visit: (borrowing RecordBatch, Int64) throws(StorageError) -> Bool
) throws(StorageError) {
    var piece: [UInt8] = []
    var pieceStart = range.lowerBound
    var position = range.lowerBound
    /// Makes the piece hold `count` bytes from `position`.
    func need(_ count: Int) throws(StorageError) {
        guard Int(position - pieceStart) + count > piece.count else { return }
        guard position + Int64(count) <= range.upperBound else {
            throw .corrupt(path: file.path, position: position, reason: "a batch ends behind its segment")
        }
        let wanted = Int(min(Int64(max(count, pieceBytes)), range.upperBound - position))
        try willRead(wanted)
        piece = try file.bytes(wanted, at: position)
        pieceStart = position
        guard piece.count >= count else {
            throw .corrupt(path: file.path, position: position, reason: "the file is shorter than its log")
        }
    }
    while position < range.upperBound {
        try need(BatchLayout.headerSize)
        let size: Int
        do throws(RecordError) {
            size = try BatchHeader(reading: piece.rawSpan.extracting(Int(position - pieceStart)...))
                .sizeInBytes
        } catch {
            throw .corrupt(path: file.path, position: position, reason: "no batch begins here (\(error))")
        }
        guard size <= StorageLimits.batchBytesMax else {
            throw .corrupt(path: file.path, position: position, reason: "the batch is larger than any")
        }
        try need(size)
        let start = Int(position - pieceStart)
        // The header was read, and all its bytes are there.
        guard let batch = try? RecordBatch(reading: piece.rawSpan.extracting(start..<(start + size))) else {
            throw .corrupt(path: file.path, position: position, reason: "no batch begins here")
        }
        guard try visit(batch, position) else { return }
        position += Int64(size)
    }
}
