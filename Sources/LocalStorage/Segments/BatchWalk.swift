// Walks the whole batches of a segment.
internal import Base
internal import Records
internal import Storage

/// Visits the batches in `range` of `file`, each with its position, until `visit` returns false.
///
/// Before each read `willRead` hears how many bytes it takes. Waits for the disk.
/// - Throws: `.corrupt` where no whole batch is.
func walkBatches(
    of file: any DiskFile, in range: Range<Int64>, willRead: (Int) throws(StorageError) -> Void = { _ in },
    _ visit: (borrowing RecordBatch, Int64) throws(StorageError) -> Bool
) throws(StorageError) {
    var reader = BatchReader(file, upTo: range.upperBound)
    var position = range.lowerBound
    func find(_ count: Int) throws(StorageError) -> Range<Int> {
        if let found = try reader.find(count, at: position, willRead: willRead) { return found }
        let isBehind = position + Int64(count) > range.upperBound
        throw .corrupt(
            path: file.path, position: position,
            reason: isBehind ? "a batch ends behind its segment" : "the file is shorter than its log")
    }
    while position < range.upperBound {
        let prefix = try find(BatchLayout.headerSize)
        let size: Int
        do throws(RecordError) {
            size = try BatchHeader(reading: reader.piece.rawSpan.extracting(prefix)).sizeInBytes
        } catch {
            throw .corrupt(path: file.path, position: position, reason: "no batch begins here (\(error))")
        }
        guard size <= StorageLimits.batchBytesMax else {
            throw .corrupt(path: file.path, position: position, reason: "the batch is larger than any")
        }
        let whole = try find(size)
        // The header was read, and all its bytes are there.
        guard let batch = try? RecordBatch(reading: reader.piece.rawSpan.extracting(whole)) else {
            throw .corrupt(path: file.path, position: position, reason: "no batch begins here")
        }
        guard try visit(batch, position) else { return }
        position += Int64(size)
    }
}
