// Deleting partitions. A directory is renamed first, so that no start takes it for a partition, and its files
// are removed on the pool; what an earlier run left of that is removed only where it is proved to be deleted.
package import Base
package import Storage

extension LogDirectory {
    /// Deletes a partition, open or not: it is gone from the directory when the call returns, its files go on
    /// the pool.
    package func deletePartition(_ partition: TopicPartition) throws(StorageError) {
        if let error = deletePartitions([partition], of: nil)[0] { throw error }
    }

    /// Deletes partitions, with one sync for all of them; what each failed with.
    ///
    /// With a `topicID` what lies there of another topic, or does not tell whose it is, stays, and the
    /// partition is missing.
    package func deletePartitions(
        _ partitions: [TopicPartition], of topicID: TopicID?
    ) -> [StorageError?] {
        var failures: [StorageError?] = []
        var closed: [(number: Int, identity: LogIdentity?, incarnation: UInt64)] = []
        for (number, partition) in partitions.enumerated() {
            do throws(StorageError) {
                let (identity, incarnation) = try close(doomed: partition, of: topicID)
                closed.append((number, identity, incarnation))
                failures.append(nil)
            } catch {
                failures.append(error)
            }
        }
        do throws(StorageError) {
            // A replay after a crash would fill a later directory of this name and id.
            let retired = closed.compactMap { one in one.identity.map { ($0, one.incarnation) } }
            try services.journal?.retire(retired)
            var removed: [String] = []
            for (number, _, _) in closed {
                services.suspects?.remove(partitions[number])
                services.graveyard.forget(below: path + "/" + partitions[number].description)
                removed.append(try renameDirectory(of: partitions[number]))
            }
            try services.disk.syncDirectory(path)
            for directory in removed { removeLater(directory) }
        } catch {
            // They may be there again after a crash, with bytes that nobody syncs any more: no clean stop may
            // vouch for them.
            state.withLock { $0.hasDoubts = true }
            for (number, _, _) in closed { failures[number] = error }
        }
        return failures
    }

    /// Closes the log of a partition that is about to be deleted; what the journal has of it is known by
    /// these.
    private func close(
        doomed partition: TopicPartition, of topicID: TopicID?
    ) throws(StorageError) -> (identity: LogIdentity?, incarnation: UInt64) {
        var found = log(of: partition)?.topicID
        if found == nil { found = try look(at: partition).topicID }
        var isOurs = topicID == nil || found == topicID
        if found == nil, !isOurs { isOurs = try files(of: partition).isEmpty }
        guard isOurs, try hasFiles(of: partition) else {
            throw .partitionMissing(path: path + "/" + partition.description)
        }
        try services.journal?.forgetRecovered(partition)
        let open = state.withLock { state in
            state.recoveryPoints.offsets[partition] = nil
            state.logStarts.offsets[partition] = nil
            state.highWatermarks.offsets[partition] = nil
            state.doubtful.remove(partition)
            return state.logs.removeValue(forKey: partition)
        }
        do throws(StorageError) {
            if let open {
                try open.log.close(isClean: false)
                return (open.store.identity, open.store.state.withLock { $0.incarnation })
            }
            // An earlier deletion may have failed.
            guard let journal = services.journal, let found else { return (nil, 0) }
            return (LogIdentity(partition: partition, topicID: found), journal.newIncarnation())
        } catch {
            state.withLock { $0.hasDoubts = true }
            throw error
        }
    }

    /// Gives a partition's directory a name that no partition has; the new path.
    private func renameDirectory(of partition: TopicPartition) throws(StorageError) -> String {
        // A random part, as the same topic may be deleted, created and deleted again before the files are
        // gone.
        var generator = SystemRandomNumberGenerator()
        let digits = [generator.next(), generator.next()].map { (half: UInt64) in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        let doomed = path + "/" + LogDirectory.doomedName(partition, digits.joined())
        try services.disk.rename(path + "/" + partition.description, to: doomed)
        return doomed
    }

    /// `topic-N.UUID-delete`, with a long topic name cut so that the whole is a legal file name, as Kafka
    /// does.
    private static func doomedName(_ partition: TopicPartition, _ unique: String) -> String {
        let suffix = "-\(partition.partition.value).\(unique)\(NamedDirectory.deletedSuffix)"
        return String(partition.topic.text.prefix(255 - suffix.utf8.count)) + suffix
    }

    /// Directories that are named like deleted partitions; only whoever knows the topics can tell whether
    /// they are.
    package func unfinishedDeletions() throws(StorageError) -> [UnfinishedDeletion] {
        var found: [UnfinishedDeletion] = []
        for name in try services.disk.directories(in: path).sorted() where NamedDirectory(name) == .doomed {
            let directory = path + "/" + name
            let file = directory + "/" + PartitionMetadata.fileName
            let bytes = try services.disk.contents(file, limit: 4096)
            var topicID: TopicID?
            if let bytes { topicID = (try? PartitionMetadata(reading: bytes, path: file))?.topicID }
            let isEmpty = try services.disk.list(directory).isEmpty
            found.append(UnfinishedDeletion(path: directory, topicID: topicID, isEmpty: isEmpty))
        }
        return found
    }

    /// Goes on with a deletion that an earlier stop interrupted.
    package func finish(_ deletion: UnfinishedDeletion) { removeLater(deletion.path) }

    /// Removes a directory with the files that brokers make in it, on the pool.
    ///
    /// What is not of a broker stays, and the directory with it. Whose it was goes last: without that
    /// nothing of it would be removed.
    private func removeLater(_ directory: String) {
        let (disk, logger) = (services.disk, services.logger)
        services.background {
            do throws(StorageError) {
                let entries = try disk.list(directory)
                let (ours, strange) = (
                    entries.filter { !$0.isDirectory && PartitionFileName.isOfBroker($0.name) },
                    entries.filter { $0.isDirectory || !PartitionFileName.isOfBroker($0.name) }
                )
                for entry in ours where entry.name != PartitionMetadata.fileName {
                    try disk.remove(directory + "/" + entry.name)
                }
                if let stranger = strange.first {
                    logger.logLimited(
                        .warning, "partition.delete.kept",
                        ["directory": directory, "reason": "\(stranger.name) in it is not of a broker"])
                    return
                }
                try disk.removeIfPresent(directory + "/" + PartitionMetadata.fileName)
                try disk.removeDirectory(directory)
            } catch {
                logger.logLimited(
                    .warning, "partition.delete.failed",
                    ["directory": directory, "reason": error.description])
            }
        }
    }
}
