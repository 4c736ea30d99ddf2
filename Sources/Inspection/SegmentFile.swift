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
    private var reader: BatchReader

    init(_ path: String, _ disk: any Disk) throws(StorageError) {
        self.path = path
        file = try disk.open(path, .readOnly)
        sizeBytes = try file.size()
        reader = BatchReader(file, upTo: sizeBytes)
    }

    /// The bytes of the batch at `position`; nil at the end, which zeros up to the end of the file are too.
    mutating func batch(at position: Int64) throws(InspectionError) -> [UInt8]? {
        guard position < sizeBytes else { return nil }
        let error: RecordError
        do throws(StorageError) {
            switch try reader.frame(at: position) {
            case .success(let frame): return Array(reader.piece[frame.bytes])
            case .failure(let reason): error = reason
            }
            if try isZero(from: position) { return nil }
        } catch {
            throw InspectionError("\(error)")
        }
        let reason =
            switch error {
            case .truncated(let size, _) where size > BatchLayout.prefixSize:
                "its last batch of \(size) bytes is cut off"
            default: "no batch begins here (\(error))"
            }
        throw InspectionError("\(path) is damaged at byte \(position): \(reason)")
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
