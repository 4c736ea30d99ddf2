// Planted bugs: what brokers get wrong, made up around one that does not. A simulator that finds none of them
// proves nothing.
import Base
import Coordinator
import LocalStorage
import Protocol
import Records
import Simulation
import Storage

@testable import Broker

/// Which mistake is made up.
enum BrokerBug: String, CaseIterable, Sendable {
    // Of the disk.
    case neverSynced = "acknowledged although nothing is synced"
    case syncedLate = "a high watermark that is one sync ahead of what is durable"
    case metadataNotSynced = "topics that are answered before the metadata log is durable"
    case groupsNotSynced = "offsets and groups that are answered before they are durable"
    case verdictsNotSynced = "markers that are written before the verdict is durable"
    case markersNotSynced = "transactions that are complete before their markers are durable"
    case startForgotten = "a start of the log that is not written down"
    // Of what clients are told.
    case producersForgotten = "producers that are forgotten by a restart"
    case producerIDsReused = "producer ids that begin anew with each start"
    case watermarkBehind = "records that are given out behind the high watermark"
    case offsetBehind = "an offset before the one that was committed"
    case generationReused = "a generation that was there before the restart"
    case groupNeverStable = "a group that never comes to rest"
    case epochGoesBack = "an epoch of a member that goes back"
    case twoOwners = "partitions that are given to everybody"
    case topicComesBack = "a deleted topic that is there again"
    case configForgotten = "a configuration that a restart forgets"
    case stableTooEarly = "a last stable offset behind the begin of an open transaction"
    case abortsForgotten = "aborted transactions that nobody is told of after a restart"
    case abortsLate = "aborted transactions of which the last is not known yet"
    case offsetsTooEarly = "offsets that are visible before their transaction is committed"
    // Of what stands in logs.
    case markersOfNextEpoch = "markers in the epoch of the transaction that follows"
    case preparedDropped = "prepared transactions that pass for complete when their coordinator loads"

    /// Whether syncs of `path` are made up.
    fileprivate func fakesSync(of path: String) -> Bool {
        guard path.hasSuffix(".log") else { return false }
        return switch self {
        case .neverSynced, .syncedLate: !path.contains("__cluster_metadata")
        case .metadataNotSynced: path.contains("__cluster_metadata")
        case .groupsNotSynced: path.contains("__consumer_offsets")
        case .verdictsNotSynced: path.contains("__transaction_state")
        case .markersNotSynced: !path.contains("__cluster_metadata")
        default: false
        }
    }

    /// Without the journal each log is synced in its own files.
    fileprivate var hasNoJournal: Bool {
        switch self {
        case .neverSynced, .syncedLate, .metadataNotSynced, .groupsNotSynced, .verdictsNotSynced,
            .markersNotSynced:
            true
        default: false
        }
    }

    /// Whether what is written to `path` says nothing.
    fileprivate func forgets(_ path: String) -> Bool {
        self == .startForgotten && path.hasSuffix("/log-start-offset-checkpoint.tmp")
    }
}

/// The disk of a broker with a planted bug; `disk` itself without one.
func faulty(_ disk: SimulatedDisk, _ bug: BrokerBug?) -> any Disk {
    switch bug {
    case nil: disk
    case .markersOfNextEpoch?:
        RewritingDisk(disk) { path, batch in
            let isMarker = batch.header.attributes.isControl && !path.contains("/__")
            if isMarker, batch.producerEpoch < .max { batch.producerEpoch += 1 }
        }
    case .preparedDropped?:
        RewritingDisk(disk) { path, batch in
            guard path.contains(TransactionHost.topicName.text) else { return }
            batch.changeTransactions { value in
                switch TransactionState(rawValue: value.transactionStatus) {
                case .prepareCommit: value.transactionStatus = TransactionState.completeCommit.rawValue
                case .prepareAbort: value.transactionStatus = TransactionState.completeAbort.rawValue
                default: break
                }
            }
        }
    case let bug?: BrokerFaultyDisk(disk, bug)
    }
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
        guard bug.fakesSync(of: path) || bug.forgets(path) else { return file }
        return BrokerFaultyFile(file, bug, isForgotten: bug.forgets(path))
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
    private let bug: BrokerBug
    /// Whether a checkpoint that names nothing is written instead.
    private let isForgotten: Bool
    private let syncs = Lock(0)
    /// Whether the end of a transaction was written last.
    private let endsInMarker = Lock(false)

    init(_ base: any DiskFile, _ bug: BrokerBug, isForgotten: Bool) {
        self.base = base
        self.bug = bug
        self.isForgotten = isForgotten
    }

    var path: String { base.path }

    func sync() throws(StorageError) {
        let count = syncs.withLock { syncs in
            syncs += 1
            return syncs
        }
        switch bug {
        // Every second sync is one.
        case .syncedLate where count % 2 == 1, .verdictsNotSynced where count % 2 == 1: return
        case .markersNotSynced where endsInMarker.withLock { $0 }: return
        case .syncedLate, .markersNotSynced, .verdictsNotSynced: try base.sync()
        default: if isForgotten { try base.sync() }
        }
    }

    func size() throws(StorageError) -> Int64 { try base.size() }
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64, mayWait: Bool) -> ByteRangeRead
    {
        base.read(into: buffer, at: position, mayWait: mayWait)
    }
    func write(_ bytes: RawSpan, at position: Int64) throws(StorageError) {
        note(bytes)
        guard isForgotten else { return try base.write(bytes, at: position) }
        let nothing = OffsetCheckpoint().bytes
        try base.write(nothing.span.bytes, at: position)
    }
    func write(_ bytes: RawSpan, at position: Int64, zerosBehind: Int) throws(StorageError) {
        note(bytes)
        try base.write(bytes, at: position, zerosBehind: zerosBehind)
    }
    private func note(_ bytes: RawSpan) {
        let isMarker = (try? BatchHeader(reading: bytes))?.attributes.isControl ?? false
        endsInMarker.withLock { $0 = isMarker }
    }
    func truncate(to length: Int64) throws(StorageError) { try base.truncate(to: length) }
    func reserve(_ length: Int64, at position: Int64) { base.reserve(length, at: position) }
    func dropCache() { base.dropCache() }
    func startWriteBack() { base.startWriteBack() }
    func setDirect(_ isDirect: Bool) { base.setDirect(isDirect) }
}
