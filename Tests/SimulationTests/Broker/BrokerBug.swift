// Planted bugs: what brokers get wrong, made up around one that does not. A simulator that finds none of them
// proves nothing.
import Base
import LocalStorage
import Simulation
import Storage

/// Which mistake is made up.
enum BrokerBug: String, CaseIterable, Sendable {
    case neverSynced = "acknowledged although nothing is synced"
    case syncedLate = "a high watermark that is one sync ahead of what is durable"
    case metadataNotSynced = "topics that are answered before the metadata log is durable"
    case producersForgotten = "producers that are forgotten by a restart"

    /// Whether syncs of `path` are made up.
    fileprivate func fakesSync(of path: String) -> Bool {
        switch self {
        case .neverSynced, .syncedLate: path.hasSuffix(".log") && !path.contains("__cluster_metadata")
        case .metadataNotSynced: path.contains("__cluster_metadata") && path.hasSuffix(".log")
        case .producersForgotten: false
        }
    }

    /// Without the journal each log is synced in its own files.
    fileprivate var hasNoJournal: Bool {
        switch self {
        case .neverSynced, .syncedLate, .metadataNotSynced: true
        case .producersForgotten: false
        }
    }
}

/// The disk of a broker with a planted bug; `disk` itself without one.
func faulty(_ disk: SimulatedDisk, _ bug: BrokerBug?) -> any Disk {
    bug.map { BrokerFaultyDisk(disk, $0) } ?? disk
}

/// A disk that says that files are synced.
private final class BrokerFaultyDisk: Disk {
    private let base: SimulatedDisk
    private let bug: BrokerBug

    init(_ base: SimulatedDisk, _ bug: BrokerBug) {
        self.base = base
        self.bug = bug
    }

    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        if bug.hasNoJournal, path.hasSuffix("/journal") {
            throw .io(operation: .open, path: path, errno: 5)
        }
        let file = try base.open(path, mode)
        return bug.fakesSync(of: path) ? BrokerFaultyFile(file, isLate: bug == .syncedLate) : file
    }

    func rename(_ path: String, to newPath: String) throws(StorageError) {
        try base.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(StorageError) { try base.remove(path) }
    func syncDirectory(_ path: String) throws(StorageError) { try base.syncDirectory(path) }
    func removeDirectory(_ path: String) throws(StorageError) { try base.removeDirectory(path) }
    func entry(at path: String) throws(StorageError) -> DiskEntry? { try base.entry(at: path) }
    /// Bugs concern single files.
    func volume(of path: String) -> (any DiskVolume)? { nil }
    func createDirectory(_ path: String) throws(StorageError) { try base.createDirectory(path) }
    func list(_ path: String) throws(StorageError) -> [DiskEntry] { try base.list(path) }
    func lock(_ path: String) throws(StorageError) -> (any DiskLock)? { try base.lock(path) }
    func space(at path: String) throws(StorageError) -> PlaceSpace { try base.space(at: path) }
}

private final class BrokerFaultyFile: DiskFile {
    private let base: any DiskFile
    /// Whether every second sync is one.
    private let isLate: Bool
    private let syncs = Lock(0)

    init(_ base: any DiskFile, isLate: Bool) {
        self.base = base
        self.isLate = isLate
    }

    var path: String { base.path }

    func sync() throws(StorageError) {
        let count = syncs.withLock { syncs in
            syncs += 1
            return syncs
        }
        if isLate, count % 2 == 0 { try base.sync() }
    }

    func size() throws(StorageError) -> Int64 { try base.size() }
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        base.read(into: buffer, at: position, mayWait: mayWait)
    }
    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        try base.write(bytes, at: position)
    }
    func write(_ bytes: RawSpan, at position: Int64, zerosBehind: Int) throws(StorageError) {
        try base.write(bytes, at: position, zerosBehind: zerosBehind)
    }
    func truncate(to length: Int64) throws(StorageError) { try base.truncate(to: length) }
    func reserve(_ length: Int64, at position: Int64) { base.reserve(length, at: position) }
    func dropCache() { base.dropCache() }
    func startWriteBack() { base.startWriteBack() }
    func setDirect(_ isDirect: Bool) { base.setDirect(isDirect) }
}
