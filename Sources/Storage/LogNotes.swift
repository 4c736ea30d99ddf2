// What a log keeps beside its bytes: snapshots of its producers, and its leader epochs. All of it can be
// rebuilt from the log.
package import Base

/// Keeps the notes of one log.
package protocol LogNotes: AnyObject, Sendable {
    /// The offsets of all snapshots, ascending.
    func snapshotOffsets() throws(StorageError) -> [Offset]
    /// The bytes of a snapshot; nil if there is none at `offset`.
    func snapshot(at offset: Offset) throws(StorageError) -> [UInt8]?
    /// Keeps a snapshot, and drops those that nothing will ask for.
    func saveSnapshot(_ bytes: [UInt8], at offset: Offset) throws(StorageError)
    /// Drops a snapshot.
    func removeSnapshot(at offset: Offset) throws(StorageError)
    /// The epochs; nil if there are none, or they are damaged.
    func leaderEpochs() throws(StorageError) -> LeaderEpochs?
    /// What is known of aborted transactions, segment by segment, ascending.
    func transactionNotes() throws(StorageError) -> [TransactionNotes]
    /// Keeps exactly these aborted transactions for the segment at `base`.
    func replaceTransactions(_ entries: [AbortedTransaction], base: Offset) throws(StorageError)
    /// Keeps aborted transactions beside the segments that hold their markers; durable when it returns.
    func append(_ entries: [AbortedTransaction]) throws(StorageError)
    /// Keeps the epochs.
    func save(_ epochs: LeaderEpochs) throws(StorageError)
}

/// Notes as Kafka keeps them, in the directory of the partition.
final class PartitionFiles: LogNotes {
    static let epochsName = "leader-epoch-checkpoint"
    let directory: String
    let disk: any Disk

    init(directory: String, disk: any Disk) {
        self.directory = directory
        self.disk = disk
    }

    private func path(_ offset: Offset) -> String { "\(directory)/\(Segment.name(offset)).snapshot" }

    func snapshotOffsets() throws(StorageError) -> [Offset] {
        try disk.list(directory).compactMap { Segment.offset(in: $0.name, suffix: ".snapshot") }
    }

    func snapshot(at offset: Offset) throws(StorageError) -> [UInt8]? { try disk.contents(path(offset)) }

    func saveSnapshot(_ bytes: [UInt8], at offset: Offset) throws(StorageError) {
        try disk.replace(path(offset), with: bytes, isDurable: false)
        // Kafka keeps one at the base of each segment, and the last one.
        let names = try disk.list(directory).map(\.name)
        let bases = Set(names.compactMap { Segment.offset(in: $0, suffix: ".log") })
        for old in names.compactMap({ Segment.offset(in: $0, suffix: ".snapshot") })
        where old < offset && !bases.contains(old) { try removeSnapshot(at: old) }
    }

    func removeSnapshot(at offset: Offset) throws(StorageError) { try disk.removeIfPresent(path(offset)) }

    func leaderEpochs() throws(StorageError) -> LeaderEpochs? {
        let path = directory + "/" + PartitionFiles.epochsName
        guard let bytes = try disk.contents(path) else { return nil }
        do throws(StorageError) {
            return try LeaderEpochs(reading: bytes, path: path)
        } catch {
            guard case .corrupt = error else { throw error }
            return nil
        }
    }

    func save(_ epochs: LeaderEpochs) throws(StorageError) {
        try disk.replace(directory + "/" + PartitionFiles.epochsName, with: epochs.bytes, isDurable: true)
    }
}

extension Segment {
    /// The offset in a name such as `00000000000000000042.log`.
    static func offset(in name: String, suffix: String) -> Offset? {
        guard name.hasSuffix(suffix) else { return nil }
        let digits = name.dropLast(suffix.count)
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return Int64(digits).map { Offset($0) }
    }
}
