// A log directory as a broker sees it: each question goes to the part that knows.
internal import Base
internal import Records
internal import Storage

extension LogDirectory: StoragePlace {
    var directoryID: UUID { identity.properties.directoryID }
    /// Whether nothing can be written here until the next start.
    var hasFailed: Bool { table.hasFailed }
    /// Whether clients' records are refused here for lack of space.
    var isFull: Bool { reserve.isReached }
    /// How many partitions of topics lie here, open or not.
    var partitionCount: Int { opening.unopened + table.openLogs.count { $0.kind == .data } }

    /// What the file system says.
    var space: PlaceSpace? { try? services.disk.space(at: path) }

    /// Calls `body` at the end of each turn of the flusher that had something to do.
    func afterWrites(_ body: @escaping @Sendable () -> Void) { flusher.afterTurn(body) }

    /// So many partitions lie here that will be opened sooner or later.
    func expect(_ partitions: Int) { opening.expect(partitions) }

    /// One of them was opened, or could not be, or is not wanted any more.
    func met() { opening.met() }

    /// Makes a log that is not open yet start at `offset`, if it does not reach it.
    func begin(_ partition: TopicPartition, at offset: Offset) {
        checkpoints.begin(partition, at: offset)
    }

    /// The open log of a partition.
    func log(of partition: TopicPartition) -> PartitionLog? { table.openLog(of: partition)?.log }

    /// Opens a partition; see `PartitionTable.openPartition`.
    func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind
    ) throws(StorageError) -> PartitionLog {
        try table.openPartition(partition, id: id, config: config, kind: kind)
    }

    /// Makes new partitions, durably; what came of each, in their order.
    func createPartitions(
        _ wanted: [NewPartition], kind: LogKind
    ) -> [Result<PartitionLog, StorageError>] {
        table.create(wanted, kind: kind)
    }

    /// Deletes a partition, open or not: it is gone from the directory when the call returns, its files go on
    /// the pool.
    func deletePartition(_ partition: TopicPartition) throws(StorageError) {
        if let error = table.delete([partition], of: nil)[0] { throw error }
    }

    /// Directories that are named like deleted partitions; only whoever knows the topics can tell whether
    /// they are.
    func unfinishedDeletions() throws(StorageError) -> [UnfinishedDeletion] {
        try DeletedDirectories(path, services).unfinished()
    }

    /// Goes on with a deletion that an earlier stop interrupted.
    func finish(_ deletion: UnfinishedDeletion) {
        DeletedDirectories(path, services).removeLater(deletion.path)
    }

    /// Directories of partitions that were on their way here.
    func unfinishedMoves() throws(StorageError) -> [UnfinishedMove] {
        try FutureDirectories(path, services).all()
    }

    /// Gives one the name that counts.
    func complete(_ move: UnfinishedMove) throws(StorageError) {
        try FutureDirectories(path, services).complete(move.path, of: move.partition)
    }

    /// Removes one, on the pool.
    func discard(_ move: UnfinishedMove) { DeletedDirectories(path, services).removeLater(move.path) }

    /// The names of partition directories, in no order; the directories are not looked into.
    func partitionNames() throws(StorageError) -> [TopicPartition] { try table.directories.names() }

    /// What stands in a partition's directory.
    func look(at partition: TopicPartition) throws(StorageError) -> FoundPartition {
        try table.directories.look(at: partition)
    }

    /// Whether nothing is known of a partition but its name: no directory, no checkpoint, no journal.
    func isUnknown(_ partition: TopicPartition) throws(StorageError) -> Bool {
        try table.isUnknown(partition)
    }

    func forget(_ partitions: [TopicPartition]) throws(StorageError) { try table.forget(partitions) }

    /// Reads the batches of a partition that is not open; see `PartitionTable.peek`.
    func peek(
        at partition: TopicPartition, _ visit: (RecordBatch) throws(StorageError) -> Void
    ) throws(StorageError) {
        try table.peek(at: partition, visit)
    }

    /// The files in a partition's directory; none if there is no such directory.
    func files(of partition: TopicPartition) throws(StorageError) -> [StoredFile] {
        try table.directories.files(of: partition)
    }

    /// The bytes of a file of the directory, or of a partition in it; nil if there is none.
    func contents(
        of name: String, in partition: TopicPartition?, limit: Int
    ) throws(StorageError) -> [UInt8]? {
        try table.directories.contents(of: name, in: partition, limit: limit)
    }

    /// Puts a small file into a partition's directory, whole and for good when the call returns.
    func replace(
        _ name: String, in partition: TopicPartition, with bytes: [UInt8]
    ) throws(StorageError) {
        try table.directories.replace(name, in: partition, with: bytes)
    }

    /// Removes a file from a partition's directory.
    func remove(_ name: String, of partition: TopicPartition) throws(StorageError) {
        try table.directories.remove(name, of: partition)
    }
}
