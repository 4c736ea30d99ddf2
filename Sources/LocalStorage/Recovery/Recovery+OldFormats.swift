// Segments with messages of the formats before Kafka 0.11 (magic 0 and 1), which old directories still hold.
// They are rewritten as batches before anything else looks at them: offsets, times, keys and values stay.
internal import Base
internal import Records
internal import Storage

extension Recovery {
    /// Rewrites the segments that need it, and notes what became of their files.
    func convertOldFormats(_ bases: [Offset], _ sizes: inout [Name: Int64]) throws(StorageError) {
        for base in bases {
            let name = Segment.name(base)
            guard let size = try convertOldFormats(base, sizes["\(name).log"] ?? 0) else { continue }
            sizes["\(name).log"] = size
            sizes["\(name).index"] = nil
            sizes["\(name).timeindex"] = nil
        }
    }

    /// Rewrites the segment at `base` if it holds such messages; its new size, nil if it holds none.
    private func convertOldFormats(_ base: Offset, _ size: Int64) throws(StorageError) -> Int64? {
        let segment = Segment(base: base, directory: directory, disk: disk)
        let path = segment.path(".log")
        guard size > 0 else { return nil }
        let file = try disk.open(path, .readOnly)
        let head = try file.bytes(Int(min(size, Int64(BatchLayout.prefixSize))), at: 0)
        guard let magic = OldSegment.size(head)?.magic, magic == 0 || magic == 1 else { return nil }
        // What a crash left is removed by the next start.
        let draft = try disk.open(path + ".tmp", .any)
        try draft.truncate(to: 0)
        var old = OldSegment(file: file, sizeBytes: size, target: draft)
        // Zeros, or garbage behind a crash, look like a message of magic 0 too.
        guard try old.convert() else {
            try disk.remove(path + ".tmp")
            return nil
        }
        try draft.sync()
        for suffix in [".index", ".timeindex"] { try disk.removeIfPresent(segment.path(suffix)) }
        try disk.rename(path + ".tmp", to: path)
        try disk.syncDirectory(directory)
        services.logger.log(.info, "segment.converted", ["file": path, "from": "\(magic)"])
        return old.writtenBytes
    }
}

/// Rewrites one segment.
private struct OldSegment {
    /// So many bytes of messages are rewritten at once.
    private static let runBytes = 1 << 20

    let file: any DiskFile
    let sizeBytes: Int64
    let target: any DiskFile
    private(set) var writtenBytes: Int64 = 0
    /// Old messages that lie one behind the other.
    private var run: [UInt8] = []

    init(file: any DiskFile, sizeBytes: Int64, target: any DiskFile) {
        self.file = file
        self.sizeBytes = sizeBytes
        self.target = target
    }

    static func size(_ prefix: [UInt8]) -> (bytes: Int, magic: Int8)? {
        try? BatchHeader.size(ofBatchBeginning: prefix.rawSpan)
    }

    /// Whether there was any message; what follows the last whole one is copied as it is, for the scan to
    /// judge.
    mutating func convert() throws(StorageError) -> Bool {
        var position: Int64 = 0
        var end: Int64 = 0
        var reader = BatchReader(file, upTo: sizeBytes)
        while position < sizeBytes, case .success(let frame) = try reader.frame(at: position) {
            let bytes = reader.piece[frame.bytes]
            let isOld = frame.magic != BatchLayout.currentMagic
            if !isOld || run.count > OldSegment.runBytes { guard try finishRun() else { break } }
            end = isOld && run.isEmpty ? position : end
            if isOld { run += bytes } else { try write(Array(bytes)) }
            position += Int64(bytes.count)
        }
        guard try finishRun() else {
            // One of them is damaged: the whole run stays as it was.
            try write(run)
            return try copyRest(from: end + Int64(run.count))
        }
        return try copyRest(from: position)
    }

    private mutating func copyRest(from start: Int64) throws(StorageError) -> Bool {
        guard hasConverted else { return false }
        var position = start
        while position < sizeBytes {
            let rest = try file.bytes(Int(min(1 << 20, sizeBytes - position)), at: position)
            guard !rest.isEmpty else { break }
            try write(rest)
            position += Int64(rest.count)
        }
        return true
    }

    private mutating func write(_ bytes: [UInt8]) throws(StorageError) {
        guard !bytes.isEmpty else { return }
        try target.write(bytes.rawSpan, at: writtenBytes)
        writtenBytes += Int64(bytes.count)
    }

    private var hasConverted = false

    /// Rewrites the messages that were gathered; false, and they are kept, if one of them is damaged.
    private mutating func finishRun() throws(StorageError) -> Bool {
        guard !run.isEmpty else { return true }
        guard
            let batches = try? LegacyMessages.rewritten(
                run.rawSpan, limitBytes: StorageLimits.decompressedBytesMax)
        else { return false }
        run = []
        hasConverted = true
        try write(batches)
        return true
    }
}
