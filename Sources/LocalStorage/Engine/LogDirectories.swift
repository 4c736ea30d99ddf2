// The log directories of one broker. Each is a disk of its own: it has its own lock, flusher, journal, marker
// and failure. One of them holds the metadata log; the others may fail without it.
package import Base
package import Storage

/// A directory of the configuration that could not be opened.
struct OfflineDirectory: Sendable {
    var path: String
    var error: StorageError
}

/// All log directories of a broker that could be opened.
package final class LogDirectories: Sendable {
    /// Where partitions may lie, in the order of the configuration; never empty.
    let data: [LogDirectory]
    /// Where the metadata log lies: one of `data`, or one beside them.
    let metadataDirectory: LogDirectory
    /// Those that could not be opened.
    let offline: [OfflineDirectory]
    /// The directories of `data`, and that of the metadata log.
    let all: [LogDirectory]
    /// Upkeep of each of `all`, once it has begun.
    let upkeep = Lock<[DirectoryUpkeep]>([])
    /// How compaction is done.
    let compaction = Lock(CompactionSettings())

    /// Opens `data` and, if it is not among them, `metadata`: under whatever names, a directory is one.
    ///
    /// New directories join the cluster of those that are there. One that fails like a disk does is left
    /// aside; without that of the metadata log there is no broker.
    /// - Throws: what the metadata log's directory, or the last one of `data`, fails with; `.directoryInUse`
    ///   and `.foreignDirectory`, as then something is wrong with the configuration.
    package init(
        _ options: [LogDirectoryOptions], metadata: LogDirectoryOptions, disk: any Disk,
        clock: any BrokerClock, background: @escaping BackgroundRunner, logger: Logger
    ) throws(StorageError) {
        let (options, metadata) = try LogDirectories.places(of: options, metadata, disk)
        let wanted = options + (options.contains { $0.path == metadata.path } ? [] : [metadata])
        let known = LogDirectories.knownCluster(wanted.map(\.path), disk)
        var opened: [Name: LogDirectory] = [:]
        var offline: [OfflineDirectory] = []
        do throws(StorageError) {
            for var options in wanted {
                options.clusterID = known?.clusterID ?? wanted[0].clusterID
                options.nodeID = known?.nodeID ?? options.nodeID
                do throws(StorageError) {
                    opened[Name(options.path)] = try LogDirectory(
                        options, disk: disk, clock: clock, background: background, logger: logger)
                } catch {
                    guard error.isFaultOfDisk, options.path != metadata.path else { throw error }
                    logger.log(
                        .error, "directory.taken_offline",
                        ["directory": options.path, "error": error.description])
                    offline.append(OfflineDirectory(path: options.path, error: error))
                }
            }
            guard let first = opened[Name(metadata.path)] else {
                preconditionFailure("it was opened, or threw")
            }
            metadataDirectory = first
            data = options.compactMap { opened[Name($0.path)] }
            self.offline = offline
            all = wanted.compactMap { opened[Name($0.path)] }
            if data.isEmpty, let lost = offline.first { throw lost.error }
            try requireOneCluster()
        } catch {
            for directory in opened.values { directory.abandon() }
            throw error
        }
    }

    /// The same directories under one name each, that of the metadata log under the name that it has among
    /// the others.
    private static func places(
        of options: [LogDirectoryOptions], _ metadata: LogDirectoryOptions, _ disk: any Disk
    ) throws(StorageError) -> (data: [LogDirectoryOptions], metadata: LogDirectoryOptions) {
        var names: [DirectoryPlace.Identity: String] = [:]
        var data = options
        for index in data.indices {
            let place = try disk.place(of: data[index].path)
            if let other = names.updateValue(place.path, forKey: place.identity) {
                throw .foreignDirectory(
                    path: data[index].path, reason: "it is named twice in log.dirs, also as \(other)")
            }
            data[index].path = place.path
        }
        var metadata = metadata
        let place = try disk.place(of: metadata.path)
        metadata.path = names[place.identity] ?? place.path
        return (data, metadata)
    }

    /// The identity of the first directory that has one.
    private static func knownCluster(_ paths: [String], _ disk: any Disk) -> MetaProperties? {
        for path in paths {
            if let found = try? DirectoryIdentity.properties(path, disk) { return found }
        }
        return nil
    }

    private func requireOneCluster() throws(StorageError) {
        for directory in all where directory !== metadataDirectory {
            let (found, expected) = (directory.properties, metadataDirectory.properties)
            guard found.clusterID == expected.clusterID, found.nodeID == expected.nodeID else {
                throw .foreignDirectory(
                    path: directory.path,
                    reason: "it belongs to node \(found.nodeID) of cluster \(found.clusterID), and "
                        + "\(metadataDirectory.path) to node \(expected.nodeID) of cluster "
                        + "\(expected.clusterID)"
                )
            }
            guard found.directoryID != expected.directoryID else {
                throw .foreignDirectory(
                    path: directory.path,
                    reason: "it is a copy of \(metadataDirectory.path): both have one directory.id")
            }
        }
    }

    /// Who all directories belong to.
    var properties: MetaProperties { metadataDirectory.properties }

    /// Whether an earlier run ended without a clean stop of all of them.
    package var isAfterCrash: Bool { all.contains { $0.isAfterCrash } }

    /// Begins to write; see `LogDirectory.start`.
    func start(startsThreads: Bool) throws(StorageError) {
        for directory in all { try directory.start(startsThread: startsThreads) }
    }

    /// Stops all of them at once, as each waits for a disk of its own; see `LogDirectory.stop`.
    ///
    /// - Throws: what the first one that failed threw.
    package func stop(brokerEpoch: Int64 = -1, by deadline: Int64 = .max) throws(StorageError) {
        let failure = Lock<StorageError?>(nil)
        let all = all
        runInParallel(all.count, threads: all.count) { number in
            do throws(StorageError) {
                try all[number].stop(brokerEpoch: brokerEpoch, by: deadline)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Gives all of them up; see `LogDirectory.abandon`.
    func abandon() {
        for directory in all { directory.abandon() }
    }
}

extension LogDirectories {
    /// Where an open log lies.
    package func place(of partition: TopicPartition) -> (any StoragePlace)? {
        data.first { $0.log(of: partition) != nil }
    }

    /// Deletes partitions of a topic, open or not, with one sync in each directory; what each failed with.
    package func deletePartitions(_ partitions: [TopicPartition], of topicID: TopicID) -> [StorageError?] {
        var failures: [StorageError?] = partitions.map { partition in
            .partitionMissing(path: "\(data[0].path)/\(partition)")
        }
        var left = Array(partitions.indices)
        for directory in data {
            let here = left.filter { number in
                directory.log(of: partitions[number]) != nil
                    || (try? directory.table.directories.exists(partitions[number])) == true
            }
            guard !here.isEmpty else { continue }
            left.removeAll(where: Set(here).contains)
            let found = directory.table.delete(here.map { partitions[$0] }, of: topicID)
            for (number, failure) in zip(here, found) { failures[number] = failure }
        }
        return failures
    }

    /// Begins to move a partition to another directory.
    package func beginMove(
        of partition: TopicPartition, to target: any StoragePlace
    ) throws(StorageError) -> any PartitionMove {
        guard let source = data.first(where: { $0.log(of: partition) != nil }),
            let open = source.table.openLog(of: partition)
        else { throw .partitionMissing(path: "\(data[0].path)/\(partition)") }
        guard let target = data.first(where: { $0 === target }), target !== source else {
            throw .partitionExists(path: "\(source.path)/\(partition)")
        }
        return try DirectoryMove(of: open, from: source, to: target)
    }

    /// Makes sure that a partition of the metadata directory lies in no other.
    ///
    /// - Throws: `.foreignDirectory`: which of the two is the right one is not for us to say.
    package func requireAlone(_ partition: TopicPartition) throws(StorageError) {
        for directory in all where directory !== metadataDirectory {
            guard try directory.table.directories.exists(partition) else { continue }
            throw .foreignDirectory(
                path: directory.path,
                reason:
                    "it holds \(partition), which belongs into \(metadataDirectory.path); set "
                    + "metadata.log.dir, or name that directory first in log.dirs")
        }
    }
}

extension LogDirectories: StorageEngine {
    package var places: [any StoragePlace] { data }
    package var missingPlaces: [String] { offline.map(\.path) }
    package var metadata: any StoragePlace { metadataDirectory }
    package var owner: StorageOwner {
        StorageOwner(clusterID: properties.clusterID, nodeID: properties.nodeID)
    }

    /// Begins to write, each directory with a thread of its flusher.
    package func start() throws(StorageError) { try start(startsThreads: true) }

    /// All partitions were opened that ever will be; see `LogDirectory.finishOpening`.
    package func finishOpening() {
        for directory in all { directory.finishOpening() }
    }

    /// Has nothing appended to any log but that of the metadata.
    package func hold(_ isHeld: Bool) { for directory in all { directory.reserve.hold(isHeld) } }

    /// Writes down the ids of directories that Kafka left without.
    package func identify() throws(StorageError) { for directory in all { try directory.identify() } }

    /// Whether no crash and no damage is behind a partition, wherever it lies.
    package func isVouchedFor(_ partition: TopicPartition) -> Bool {
        all.allSatisfy { $0.isNew || $0.isVouchedFor(partition) }
    }

    /// Leaves the marker of a clean stop out.
    package func leaveToRecovery() { for directory in all { directory.leaveToRecovery() } }

    /// Whether producers should pause: more is written and not synced than a budget allows.
    package var isOverBudget: Bool { data.contains { $0.isOverBudget } }

    /// Calls `body` once the unsynced bytes of the fullest directory are within their budget: at once, or on
    /// a flusher's thread.
    package func whenBelowBudget(_ body: @escaping @Sendable () -> Void) {
        guard let full = data.first(where: { $0.isOverBudget }) else { return body() }
        full.whenBelowBudget(body)
    }

    /// Appends follow that one turn of the flushers is to take together; see `Flusher.beginAppends`.
    package func beginAppends() {
        for directory in data { directory.flusher.beginAppends() }
    }

    /// The appends are done.
    package func endAppends() {
        for directory in data { directory.flusher.endAppends() }
    }

    /// Whether no directory has room for another partition.
    package var isFull: Bool {
        metadataDirectory.isFull || data.allSatisfy(\.isFull)
    }

    /// Writes the checkpoints of all directories; see `LogDirectory.writeCheckpoints`.
    package func saveStarts() throws(StorageError) {
        for directory in data { try directory.writeCheckpoints() }
    }
}
