// Planted bugs: a disk that does not do what it is asked for, in the ways in which storage code goes wrong. A
// simulator that finds none of them proves nothing.
import Base
import LocalStorage
import Simulation
import Storage

/// Which mistake the disk makes up.
enum PlantedBug: String, CaseIterable, Sendable {
    case ackBeforeSync = "acknowledged before the sync"
    case skippedDirectorySync = "a directory that is not synced"
    case unsyncedPartition = "new partitions whose names are not synced"
    case unnamedIdentity = "the file that identifies a new partition, renamed before its sync"
    case newFileNotFilled = "a replay that does not fill the file of a new partition"
    case wrongTruncation = "a torn tail that is not cut off"
    case snapshotAhead = "a snapshot that is ahead of its offset"
    case replayOntoRecreated = "a replay onto a topic that was created again"
    case staleJournal = "a stale journal over a later writer"
    case markerBeforeSync = "a marker that is written before the sync"
    case journalKept = "a journal that still speaks of segments that were replaced or deleted"
    case swapBeforeSync = "a compacted segment that takes its place before the sync"
    case cleanerAhead = "a checkpoint of compaction that is ahead of it"
    case recoveryPointAhead = "a recovery point that is ahead of the sync"
    case forgottenBound = "a recovery point that nobody reads, so that damage passes for a torn tail"
    case forgottenStart = "a start of the log that is not written down"
}

/// What the history is doing: some bugs show at one time only.
enum Phase: Sendable {
    case running, creating, opening, deleting, stopping, expiring, trimming, compacting
}

/// A simulated disk with a planted bug.
final class FaultyDisk: Disk {
    let base: SimulatedDisk
    let bug: PlantedBug?
    private let phaseNow = Lock(Phase.running)

    init(_ base: SimulatedDisk, _ bug: PlantedBug?) {
        self.base = base
        self.bug = bug
    }

    var phase: Phase { phaseNow.withLock { $0 } }

    /// Does `body` in a phase of its own.
    func during<Result, Failure: Error>(
        _ phase: Phase, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        phaseNow.withLock { $0 = phase }
        defer { phaseNow.withLock { $0 = .running } }
        return try body()
    }

    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        var isMuted = false
        if bug == .newFileNotFilled, phase == .opening, path.hasSuffix(".log") {
            isMuted = try base.entry(at: path) == nil
        }
        let file = try base.open(path, mode)
        return bug == nil ? file : FaultyFile(file, self, isMuted: isMuted)
    }

    func rename(_ path: String, to newPath: String) throws(StorageError) {
        if bug == .snapshotAhead, newPath.hasSuffix(".snapshot") {
            let digits = newPath.dropLast(".snapshot".count).suffix(20)
            let earlier = String(max(0, (Int64(digits) ?? 0) - 1))
            let name = String(repeating: "0", count: 20 - earlier.count) + earlier
            try base.rename(path, to: newPath.dropLast(20 + ".snapshot".count) + name + ".snapshot")
            return
        }
        try base.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(StorageError) {
        if bug == .staleJournal, path.hasSuffix("/journal"), phase == .opening { return }
        try base.remove(path)
    }

    func syncDirectory(_ path: String) throws(StorageError) {
        if bug == .skippedDirectorySync { return }
        if bug == .unsyncedPartition, phase == .creating, path == "/data" { return }
        try base.syncDirectory(path)
    }

    func removeDirectory(_ path: String) throws(StorageError) {
        if bug == .staleJournal, path.hasSuffix("apus-journal"), phase == .opening { return }
        try base.removeDirectory(path)
    }

    func entry(at path: String) throws(StorageError) -> DiskEntry? {
        if bug == .forgottenBound, phase == .opening, path.hasSuffix("/recovery-point-offset-checkpoint") {
            return nil
        }
        return try base.entry(at: path)
    }

    /// Bugs concern single files.
    func volume(of path: String) -> (any DiskVolume)? { bug == nil ? base.volume(of: path) : nil }

    func createDirectory(_ path: String) throws(StorageError) { try base.createDirectory(path) }
    func list(_ path: String) throws(StorageError) -> [DiskEntry] { try base.list(path) }
    func lock(_ path: String) throws(StorageError) -> (any DiskLock)? { try base.lock(path) }
    func space(at path: String) throws(StorageError) -> PlaceSpace { try base.space(at: path) }
}

private final class FaultyFile: DiskFile {
    private let base: any DiskFile
    private let disk: FaultyDisk
    /// Whether nothing is written.
    private let isMuted: Bool

    init(_ base: any DiskFile, _ disk: FaultyDisk, isMuted: Bool) {
        self.isMuted = isMuted
        self.base = base
        self.disk = disk
    }

    var path: String { base.path }
    private var isLog: Bool { path.hasSuffix(".log") }
    private var isJournal: Bool { path.hasSuffix("/journal") }
    /// While the journal is replayed, the log seems to hold nothing that could speak against it.
    private var isBlind: Bool { disk.bug == .staleJournal && isLog && disk.phase == .opening }

    func size() throws(StorageError) -> Int64 { isBlind ? Int64.max / 2 : try base.size() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        isBlind ? .read(0) : base.read(into: buffer, at: position, mayWait: mayWait)
    }

    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        if isMuted { return }
        if disk.bug == .replayOntoRecreated, isJournal, disk.phase == .deleting { return }
        if disk.bug == .journalKept, isJournal, disk.phase == .expiring || disk.phase == .compacting {
            return
        }
        if let forged = forged(bytes.withUnsafeBytes { Array($0) }) {
            return try base.write(forged.span.bytes, at: position)
        }
        try base.write(bytes, at: position)
    }

    /// Another text for a checkpoint; nil where the bug is about something else.
    private func forged(_ bytes: [UInt8]) -> [UInt8]? {
        let ahead: Int64
        switch disk.bug {
        case .cleanerAhead where path.hasSuffix("/cleaner-offset-checkpoint.tmp"): ahead = 5
        case .recoveryPointAhead where path.hasSuffix("/recovery-point-offset-checkpoint.tmp"): ahead = 2
        case .forgottenStart where path.hasSuffix("/log-start-offset-checkpoint.tmp"):
            return OffsetCheckpoint().bytes
        default: return nil
        }
        guard var checkpoint = try? OffsetCheckpoint(reading: bytes, path: path) else { return nil }
        checkpoint.offsets = checkpoint.offsets.mapValues { $0.advanced(by: ahead) }
        return checkpoint.bytes
    }

    func write(_ bytes: RawSpan, at position: Int64, zerosBehind: Int) throws(StorageError) {
        try base.write(bytes, at: position, zerosBehind: zerosBehind)
    }

    func sync() throws(StorageError) {
        if disk.bug == .ackBeforeSync, isLog || isJournal { return }
        if disk.bug == .unnamedIdentity, path.hasSuffix("partition.metadata.tmp") { return }
        if disk.bug == .swapBeforeSync, path.hasSuffix(".cleaned") { return }
        if disk.bug == .markerBeforeSync, isLog, disk.phase == .stopping { return }
        try base.sync()
    }

    func truncate(to length: Int64) throws(StorageError) {
        if disk.bug == .wrongTruncation, isLog, disk.phase == .opening { return }
        try base.truncate(to: length)
    }

    func reserve(_ length: Int64, at position: Int64) { base.reserve(length, at: position) }
    func dropCache() { base.dropCache() }
    func startWriteBack() { base.startWriteBack() }
    func setDirect(_ isDirect: Bool) { base.setDirect(isDirect) }
}
