// Reads a log file batch by batch.
internal import Base
internal import LocalStorage
internal import Records
internal import Storage

/// An open log file.
struct SegmentFile {
    let path: String
    let sizeBytes: Int64
    private let file: any DiskFile

    init(_ path: String, _ disk: any Disk) throws(StorageError) {
        self.path = path
        file = try disk.open(path, .readOnly)
        sizeBytes = try file.size()
    }

    /// The bytes of the batch at `position`; nil at the end, which zeros up to the end of the file are too.
    func batch(at position: Int64) throws(InspectionError) -> [UInt8]? {
        do {
            let left = sizeBytes - position
            guard left > 0 else { return nil }
            let prefix = try file.bytes(Int(min(left, Int64(BatchLayout.prefixSize))), at: position)
            if prefix.allSatisfy({ $0 == 0 }), try isZero(from: position) { return nil }
            let size: Int
            do throws(RecordError) {
                size = try BatchHeader.size(ofBatchBeginning: unsafe prefix.span.bytes).bytes
            } catch {
                throw InspectionError(
                    "\(path) is damaged at byte \(position): no batch begins here (\(error))")
            }
            guard Int64(size) <= left, size <= StorageLimits.batchBytesMax else {
                throw InspectionError(
                    "\(path) is damaged at byte \(position): its last batch of \(size) bytes is cut off")
            }
            return try file.bytes(size, at: position)
        } catch let error as InspectionError {
            throw error
        } catch {
            throw InspectionError("\(error)")
        }
    }

    private func isZero(from start: Int64) throws(StorageError) -> Bool {
        var position = start
        while position < sizeBytes {
            let piece = try file.bytes(Int(min(1 << 16, sizeBytes - position)), at: position)
            guard !piece.isEmpty, piece.allSatisfy({ $0 == 0 }) else { return piece.isEmpty }
            position += Int64(piece.count)
        }
        return true
    }
}
