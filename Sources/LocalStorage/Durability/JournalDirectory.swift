// The directory of the journal, and the marks in it of partitions whose files are not to be trusted.
internal import Base
internal import Storage

/// The sub-directory of a log directory that is there only while something has to be made good.
///
/// A call that failed may have done all but its last sync, so the next one syncs also where it finds nothing
/// left to do.
struct JournalDirectory: Sendable {
    let path: String
    let disk: any Disk

    /// The journal's directory in a log directory.
    init(in logDirectory: String, disk: any Disk) {
        path = logDirectory + "/" + NamedDirectory.journalName
        self.disk = disk
    }

    var journalPath: String { path + "/journal" }
    /// Where the journal of an earlier run waits to be replayed.
    var recoveredPath: String { path + "/recovered" }
    private var marksPath: String { path + "/suspects" }

    /// Makes the directory if it is missing.
    func create() throws(StorageError) {
        if try disk.entry(at: path) == nil { try disk.createDirectory(path) }
        try disk.syncDirectory(parent(of: path))
    }

    /// Takes the journal away, and the directory with it unless there is something else in it.
    func removeJournal() throws(StorageError) {
        if try disk.entry(at: path) != nil {
            try disk.removeIfPresent(journalPath)
            try disk.removeIfPresent(marksPath + ".tmp")
            try disk.syncDirectory(path)
            guard try disk.list(path).isEmpty else { return }
            try disk.removeDirectory(path)
        }
        try disk.syncDirectory(parent(of: path))
    }

    /// Takes away what an earlier run left, for good.
    func removeRecovered() throws(StorageError) {
        guard try disk.entry(at: path) != nil else { return }
        try disk.removeIfPresent(recoveredPath)
        try disk.syncDirectory(path)
    }

    /// The marks, for each partition with the offset from which on its files may lack something.
    func marks() throws(StorageError) -> OffsetCheckpoint {
        guard let bytes = try disk.contents(marksPath) else { return OffsetCheckpoint() }
        return try OffsetCheckpoint(reading: bytes, path: marksPath)
    }

    /// Replaces the marks, durably.
    func write(_ marks: OffsetCheckpoint) throws(StorageError) {
        if marks.offsets.isEmpty {
            try disk.removeIfPresent(marksPath)
            if try disk.entry(at: path) != nil, try disk.entry(at: journalPath) == nil {
                try removeJournal()
            }
        } else {
            try create()
            try disk.replace(marksPath, with: marks.bytes, isDurable: true)
        }
    }
}

/// Partitions whose sync failed: what the system calls clean since then need not be on the disk.
final class SuspectMarks: Sendable {
    private let directory: JournalDirectory
    private let state: Lock<OffsetCheckpoint>
    private let logger: Logger

    init(_ directory: JournalDirectory, _ marks: OffsetCheckpoint, _ logger: Logger) {
        self.directory = directory
        self.logger = logger
        state = Lock(marks)
    }

    /// From where on the files of a partition may lack something; nil if they are not suspect.
    func offset(of partition: TopicPartition) -> Offset? { state.withLock { $0.offsets[partition] } }

    /// Marks a partition.
    func add(_ partition: TopicPartition, from offset: Offset) {
        change { $0.offsets[partition] = min(offset, $0.offsets[partition] ?? offset) }
    }

    /// Takes the mark of a partition away that is whole again, or gone.
    func remove(_ partition: TopicPartition) {
        guard offset(of: partition) != nil else { return }
        change { $0.offsets[partition] = nil }
    }

    private func change(_ body: (inout OffsetCheckpoint) -> Void) {
        state.withLock { marks in
            body(&marks)
            do throws(StorageError) {
                // A disk that just failed may do so once more; it matters enough to try again.
                if (try? directory.write(marks)) == nil { try directory.write(marks) }
            } catch {
                // Without the mark there is still no clean stop: the next start scans the partition anyway.
                logger.log(
                    .error, "suspect_log.not_marked",
                    ["directory": directory.path, "reason": error.description])
            }
        }
    }
}
