// The notes of a log as Kafka keeps them: files in the directory of its partition.
internal import Base
internal import Storage

/// Notes as Kafka keeps them, in the directory of the partition.
final class PartitionFiles: LogNotes {
    let directory: String
    let disk: any Disk

    private let isClosed = Lock(false)

    init(directory: String, disk: any Disk) {
        self.directory = directory
        self.disk = disk
    }

    func close() { isClosed.withLock { $0 = true } }

    /// Does something in the directory, which is not given up meanwhile.
    func whileOpen<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
        try isClosed.withLock { (isClosed) throws(StorageError) in
            if isClosed { throw .closed(path: directory) }
            return try body()
        }
    }

    private struct Draft: NoteDraft {
        let files: PartitionFiles
        let path: String
        let file: any DiskFile
        /// The offset of a snapshot.
        var snapshotOffset: Offset?

        func sync() throws(StorageError) { try file.sync() }

        func install() throws(StorageError) {
            try files.whileOpen { () throws(StorageError) in
                try files.disk.rename(path + ".tmp", to: path)
                if let snapshotOffset { try files.removeSnapshots(before: snapshotOffset) }
            }
        }

        func syncName() throws(StorageError) {
            guard snapshotOffset == nil else { return }
            try files.whileOpen { () throws(StorageError) in
                try files.disk.syncDirectory(files.directory)
            }
        }
    }

    /// A file that is about to replace the one at `path`.
    private func draft(_ path: String, _ bytes: [UInt8]) throws(StorageError) -> Draft {
        let file = try whileOpen { () throws(StorageError) -> any DiskFile in
            let file = try disk.open(path + ".tmp", .any)
            try file.truncate(to: 0)
            try file.write(bytes.rawSpan, at: 0)
            return file
        }
        file.startWriteBack()
        return Draft(files: self, path: path, file: file)
    }

    private func path(_ offset: Offset) -> String { "\(directory)/\(Segment.name(offset)).snapshot" }

    func snapshotOffsets() throws(StorageError) -> [Offset] {
        try disk.list(directory).compactMap { Segment.offset(in: $0.name, suffix: ".snapshot") }
    }

    func snapshot(at offset: Offset) throws(StorageError) -> [UInt8]? { try disk.contents(path(offset)) }

    func draftSnapshot(_ bytes: [UInt8], at offset: Offset) throws(StorageError) -> any NoteDraft {
        var draft = try draft(path(offset), bytes)
        draft.snapshotOffset = offset
        return draft
    }

    /// Kafka keeps one at the base of each segment, and the last one.
    private func removeSnapshots(before offset: Offset) throws(StorageError) {
        let names = try disk.list(directory).map(\.name)
        let bases = Set(names.compactMap { Segment.offset(in: $0, suffix: ".log") })
        for old in names.compactMap({ Segment.offset(in: $0, suffix: ".snapshot") })
        where old < offset && !bases.contains(old) { try disk.removeIfPresent(path(old)) }
    }

    func removeSnapshot(at offset: Offset) throws(StorageError) {
        try whileOpen { () throws(StorageError) in try disk.removeIfPresent(path(offset)) }
    }

    func leaderEpochs() throws(StorageError) -> LeaderEpochs? {
        let path = directory + "/" + LeaderEpochs.fileName
        guard let bytes = try disk.contents(path) else { return nil }
        do throws(StorageError) {
            return try LeaderEpochs(reading: bytes, path: path)
        } catch {
            guard case .corrupt = error else { throw error }
            return nil
        }
    }

    func draft(_ epochs: LeaderEpochs) throws(StorageError) -> any NoteDraft {
        try draft(directory + "/" + LeaderEpochs.fileName, epochs.bytes)
    }
}
