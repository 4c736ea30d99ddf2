// Walks the batches of a segment by their headers, reading blocks rather than batches: many small batches
// share one read, and large ones are jumped over.
internal import Base
internal import Records
internal import Storage

/// Why a walk ended.
enum WalkEnd: Equatable, Sendable {
    /// It came to the end of its range.
    case finished
    /// The visitor had seen enough.
    case stopped
    /// The next block is not cached, and waiting was not allowed.
    case wouldWait
}

/// Visits the headers of the batches in `range` of `file`, each with its position, until `visit` returns
/// false.
///
/// With `isGapless` each must begin where the one before it ended.
/// - Throws: `.corrupt` at a header that contradicts itself or the one before it, or a batch that reaches
///   beyond the range.
func walkHeaders(
    of file: any DiskFile, in range: Range<Int64>, blockBytes: Int, mayWait: Bool, isGapless: Bool = false,
    _ visit: (BatchHeader, Int64) throws(StorageError) -> Bool
) throws(StorageError) -> WalkEnd {
    var block: [UInt8] = []
    var blockStart: Int64 = 0
    var position = range.lowerBound
    var lastBatchBytes = 0
    var end: Offset?
    while position < range.upperBound {
        var inBlock = Int(position - blockStart)
        if inBlock + BatchLayout.headerSize > block.count {
            // Behind a large batch mostly stands another one, of which only the header is wanted.
            let wanted = lastBatchBytes > blockBytes / 4 ? BatchLayout.headerSize : blockBytes
            let count = Int(min(Int64(wanted), range.upperBound - position))
            guard let bytes = try file.block(count, at: position, mayWait: mayWait) else { return .wouldWait }
            block = bytes
            blockStart = position
            inBlock = 0
        }
        let header: BatchHeader
        do throws(RecordError) {
            header = try BatchHeader(reading: block.rawSpan.extracting(inBlock...))
        } catch {
            throw .corrupt(path: file.path, position: position, reason: "no batch begins here (\(error))")
        }
        let next = position + Int64(header.sizeInBytes)
        guard next <= range.upperBound else {
            throw .corrupt(
                path: file.path, position: position, reason: "the batch reaches beyond the end of its segment"
            )
        }
        if let end, isGapless ? header.baseOffset != end : header.baseOffset < end {
            throw .corrupt(
                path: file.path, position: position,
                reason: "the batch here begins at offset \(header.baseOffset.value), and the one before it "
                    + "ends at \(end.value)")
        }
        end = header.nextOffset
        guard try visit(header, position) else { return .stopped }
        lastBatchBytes = header.sizeInBytes
        position = next
    }
    return .finished
}
