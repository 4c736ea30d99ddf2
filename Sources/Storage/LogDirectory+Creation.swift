// Making partitions. Each is a directory whose name, and the file that identifies it, must be on the disk
// before the first record; many are made together, as the first sync of a file system that keeps a journal
// makes most of what was done before durable, and the others have little left to do.
package import Base

/// A partition that is to be made.
package struct NewPartition: Sendable {
    package var partition: TopicPartition
    package var topicID: TopicID
    package var config: LogConfig
    /// The offset of its first record.
    package var start = Offset.zero

    /// The partition `partition` of the topic `topicID`.
    package init(_ partition: TopicPartition, of topicID: TopicID, config: LogConfig) {
        self.partition = partition
        self.topicID = topicID
        self.config = config
    }
}

extension LogDirectory {
    /// So many files or directories are synced at a time.
    private static let syncersMax = 16

    /// Makes a new partition, whose first record gets the offset `start`; its directory is durable when the
    /// call returns.
    package func createPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind = .data,
        startingAt start: Offset = .zero
    ) throws(StorageError) -> PartitionLog {
        var wanted = NewPartition(partition, of: id, config: config)
        wanted.start = start
        return try createPartitions([wanted], kind: kind)[0].get()
    }

    /// Makes new partitions; what came of each, in their order.
    ///
    /// The directories of those that were made are durable when the call returns.
    package func createPartitions(
        _ wanted: [NewPartition], kind: LogKind = .data
    ) -> [Result<PartitionLog, StorageError>] {
        var making = MakingPartitions(wanted.map { "\(path)/\($0.partition)" }, services.disk)
        making.forEach { [self] (number, directory) throws(StorageError) in
            guard try services.disk.entry(at: directory) == nil else {
                throw .partitionExists(path: directory)
            }
        }
        do throws(StorageError) {
            let fresh = wanted.indices.filter { making.isUnharmed($0) }.map { wanted[$0] }
            try forget(fresh.map(\.partition))
            for new in fresh where new.start > .zero { begin(new.partition, at: new.start) }
            // So that at the next start holes that compaction left can be told from writes that were lost.
            if fresh.contains(where: \.config.compacts), !state.withLock({ $0.hasRecoveryPoints }) {
                try writeCheckpoints()
            }
        } catch { making.fail(error) }
        making.makeDirectories { PartitionMetadata(topicID: wanted[$0].topicID).bytes }
        let threads = syncThreads
        making.sync(threads: threads)
        making.nameFiles()
        making.syncDirectories(threads: threads)
        do throws(StorageError) { try services.disk.syncDirectory(path) } catch { making.fail(error) }
        return wanted.indices.map { number in
            if let error = making.failures[number] { return .failure(error) }
            let identity = LogIdentity(
                partition: wanted[number].partition, topicID: wanted[number].topicID, kind: kind)
            do throws(StorageError) {
                return .success(try open(identity, wanted[number].config, .clean, isIdentified: true))
            } catch { return .failure(error) }
        }
    }

    /// How many threads wait for syncs; the only one of a directory whose turns are taken by hand does so
    /// itself.
    var syncThreads: Int { state.withLock { $0.isStarted } ? Self.syncersMax : 1 }

    /// Whether nothing is known of a partition but its name: no directory, no checkpoint, no journal.
    package func isUnknown(_ partition: TopicPartition) throws(StorageError) -> Bool {
        let isNoted = state.withLock { state in
            state.recoveryPoints.offsets[partition] ?? .zero > .zero
                || state.journalBounds[partition] ?? .zero > .zero
        }
        guard !isNoted, services.journal?.recovered?.holds(partition) != true else { return false }
        return try !hasFiles(of: partition)
    }

    /// Takes partitions out of the checkpoints: those of earlier partitions of these names would mislead the
    /// recovery of new ones.
    private func forget(_ partitions: [TopicPartition]) throws(StorageError) {
        let wasWritten = state.withLock { state in
            for partition in partitions {
                state.recoveryPoints.offsets[partition] = nil
                state.logStarts.offsets[partition] = nil
                state.highWatermarks.offsets[partition] = nil
                state.journalBounds[partition] = nil
            }
            return partitions.contains { state.written.contains($0) }
        }
        if wasWritten { try writeCheckpoints() }
        try forgetCompaction(of: partitions)
        for partition in partitions { services.suspects?.remove(partition) }
    }
}

/// The steps in which directories of partitions are made: each is taken for all that did not fail before the
/// next one begins.
private struct MakingPartitions {
    private let directories: [String]
    private let disk: any Disk
    private var drafts: [(any DiskFile)?]
    /// What each failed with.
    private(set) var failures: [StorageError?]

    init(_ directories: [String], _ disk: any Disk) {
        self.directories = directories
        self.disk = disk
        drafts = Array(repeating: nil, count: directories.count)
        failures = Array(repeating: nil, count: directories.count)
    }

    func isUnharmed(_ number: Int) -> Bool { failures[number] == nil }

    /// All that are left fail with `error`.
    mutating func fail(_ error: StorageError) { failures = failures.map { $0 ?? error } }

    mutating func forEach(_ body: (_ number: Int, _ directory: String) throws(StorageError) -> Void) {
        for number in directories.indices where failures[number] == nil {
            do throws(StorageError) { try body(number, directories[number]) } catch {
                failures[number] = error
            }
        }
    }

    private func name(_ number: Int) -> String { directories[number] + "/" + PartitionMetadata.fileName }

    /// Makes the directories, with the file that identifies each under another name.
    mutating func makeDirectories(_ metadata: (Int) -> [UInt8]) {
        var drafts = drafts
        let disk = disk
        forEach { (number, directory) throws(StorageError) in
            try disk.createDirectory(directory)
            let file = try disk.open(directory + "/" + PartitionMetadata.fileName + ".tmp", .new)
            try file.write(metadata(number).rawSpan, at: 0)
            drafts[number] = file
        }
        self.drafts = drafts
    }

    /// Syncs the files; a rename may otherwise reach the disk before the bytes.
    mutating func sync(threads: Int) {
        let drafts = drafts
        for (number, draft) in drafts.enumerated() where failures[number] == nil { draft?.startWriteBack() }
        inParallel(threads) { (number) throws(StorageError) in try drafts[number]?.sync() }
        self.drafts = drafts.map { _ in nil }
    }

    mutating func nameFiles() {
        let disk = disk
        forEach { (_, directory) throws(StorageError) in
            let name = directory + "/" + PartitionMetadata.fileName
            try disk.rename(name + ".tmp", to: name)
        }
    }

    mutating func syncDirectories(threads: Int) {
        let (disk, directories) = (disk, directories)
        inParallel(threads) { (number) throws(StorageError) in try disk.syncDirectory(directories[number]) }
    }

    private mutating func inParallel(
        _ threads: Int, _ body: @escaping @Sendable (Int) throws(StorageError) -> Void
    ) {
        let left = directories.indices.filter { failures[$0] == nil }
        let found = Lock<[(Int, StorageError)]>([])
        runInParallel(left.count, threads: threads) { place in
            do throws(StorageError) { try body(left[place]) } catch {
                found.withLock { $0.append((left[place], error)) }
            }
        }
        for (number, error) in found.withLock({ $0 }) { failures[number] = error }
    }
}
