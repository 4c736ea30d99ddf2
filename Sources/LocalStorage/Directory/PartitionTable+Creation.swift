// Making partitions. Each is a directory whose name, and the file that identifies it, must be on the disk
// before the first record; many are made together, and where their file system can be synced as a whole that
// is done once for all of them.
internal import Base
internal import Storage

extension PartitionTable {
    /// Makes new partitions; what came of each, in their order.
    ///
    /// The directories of those that were made are durable when the call returns.
    func create(
        _ wanted: [NewPartition], kind: LogKind
    ) -> [Result<PartitionLog, StorageError>] {
        let disk = services.disk
        let threads = syncThreads
        let drafts = wanted.map { Making(directory: directories.path(of: $0.partition)) }
        var making = Steps(drafts, threads: threads)
        making.take { (_, work) throws(StorageError) in
            if try disk.entry(at: work.directory) != nil { throw .partitionExists(path: work.directory) }
        }
        do throws(StorageError) {
            let fresh = making.left.map { wanted[$0] }
            try forget(fresh.map(\.partition))
            for new in fresh where new.start > .zero { checkpoints.begin(new.partition, at: new.start) }
            // So that at the next start holes that compaction left can be told from writes that were lost.
            if fresh.contains(where: \.config.compacts), !checkpoints.hasRecoveryPoints {
                try writeCheckpoints()
            }
        } catch { making.fail(error) }
        making.take { (number, work) throws(StorageError) in
            try disk.createDirectory(work.directory)
            let draft = try disk.open(work.name + ".tmp", .new)
            try draft.write(PartitionMetadata(topicID: wanted[number].topicID).bytes.rawSpan, at: 0)
            draft.startWriteBack()
            work.draft = draft
        }
        // A rename may reach the disk before the bytes.
        let volume = wanted.count >= BackgroundLimits.togetherMin ? services.volume : nil
        let areWritten = volume?.sync() ?? false
        making.take { (_, work) throws(StorageError) in
            if !areWritten { try work.draft?.sync() }
            work.draft = nil
        }
        making.take { (_, work) throws(StorageError) in try disk.rename(work.name + ".tmp", to: work.name) }
        let areNamed = volume?.sync() ?? false
        making.take { (_, work) throws(StorageError) in
            if !areNamed { try disk.syncDirectory(work.directory) }
        }
        do throws(StorageError) { try disk.syncDirectory(path) } catch { making.fail(error) }
        making.take { [self] (number, work) throws(StorageError) in
            let identity = LogIdentity(
                partition: wanted[number].partition, topicID: wanted[number].topicID, kind: kind)
            work.log = try open(identity, wanted[number].config, .clean, isIdentified: true)
        }
        return zip(making.work, making.failures).map { work, failure in
            if let log = work.log { return .success(log) }
            return .failure(failure ?? .partitionMissing(path: work.directory))
        }
    }

    /// How far a partition has come.
    private struct Making: Sendable {
        let directory: String
        /// The file that identifies it, under another name.
        var draft: (any DiskFile)?
        var log: PartitionLog?
        var name: String { directory + "/" + PartitionMetadata.fileName }
    }

    /// Whether nothing is known of a partition but its name: no directory, no checkpoint, no journal.
    func isUnknown(_ partition: TopicPartition) throws(StorageError) -> Bool {
        let recoveryPoint = checkpoints.known(of: partition).checkpointed.recoveryPoint ?? .zero
        let isNoted = max(recoveryPoint, opening.journalBound(of: partition)) > .zero
        guard !isNoted, services.journal?.recovered?.holds(partition) != true else { return false }
        return try !directories.exists(partition)
    }

    /// Takes partitions out of the checkpoints: those of earlier partitions of these names would mislead the
    /// recovery of new ones.
    func forget(_ partitions: [TopicPartition]) throws(StorageError) {
        opening.forget(partitions)
        if checkpoints.forget(partitions) { try writeCheckpoints() }
        try checkpoints.forgetCompaction(of: partitions)
        for partition in partitions { services.suspects?.remove(partition) }
    }
}
