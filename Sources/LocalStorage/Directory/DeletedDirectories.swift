// Directories of deleted partitions. One is renamed first, so that no start takes it for a partition, and its
// files are removed on the pool; what an earlier run left of that is removed only where it is proved to be
// deleted.
internal import Base
internal import Storage

/// The directories of deleted partitions in a log directory.
struct DeletedDirectories {
    private let path: String
    private let services: StoreServices

    /// Those in the log directory at `path`.
    init(_ path: String, _ services: StoreServices) {
        self.path = path
        self.services = services
    }

    /// Gives a partition's directory a name that no partition has; the new path.
    func rename(_ partition: TopicPartition) throws(StorageError) -> String {
        // A random part, as the same topic may be deleted, created and deleted again before the files are
        // gone.
        let deleted = path + "/" + Self.deletedName(partition, NamedDirectory.uniquePart())
        try services.disk.rename(path + "/" + partition.description, to: deleted)
        return deleted
    }

    /// `topic-N.UUID-delete`, with a long topic name cut so that the whole is a legal file name, as Kafka
    /// does.
    private static func deletedName(_ partition: TopicPartition, _ unique: String) -> String {
        let suffix = "-\(partition.partition.value).\(unique)\(NamedDirectory.deletedSuffix)"
        return String(partition.topic.text.prefix(255 - suffix.utf8.count)) + suffix
    }

    /// Directories that are named like deleted partitions; only whoever knows the topics can tell whether
    /// they are.
    func unfinished() throws(StorageError) -> [UnfinishedDeletion] {
        var found: [UnfinishedDeletion] = []
        for name in try services.disk.directories(in: path).sorted() where NamedDirectory(name) == .deleted {
            let directory = path + "/" + name
            let topicID = try PartitionDirectories.topicID(in: directory, services.disk)
            let isEmpty = try services.disk.list(directory).isEmpty
            found.append(
                UnfinishedDeletion(
                    path: directory, partition: NamedDirectory.partition(markedAs: name), topicID: topicID,
                    isEmpty: isEmpty))
        }
        return found
    }

    /// Removes a directory with the files that brokers make in it, on the pool.
    ///
    /// What is not of a broker stays, and the directory with it. Whose it was goes last: without that
    /// nothing of it would be removed.
    func removeLater(_ directory: String) {
        let (disk, logger) = (services.disk, services.logger)
        services.background {
            do throws(StorageError) {
                let entries = try disk.list(directory)
                let (ours, foreign) = (
                    entries.filter { !$0.isDirectory && PartitionFileName.isOfBroker($0.name) },
                    entries.filter { $0.isDirectory || !PartitionFileName.isOfBroker($0.name) }
                )
                for entry in ours where entry.name != PartitionMetadata.fileName {
                    try disk.remove(directory + "/" + entry.name)
                }
                if let other = foreign.first {
                    logger.logLimited(
                        .warning, "partition_directory.kept",
                        ["directory": directory, "reason": "\(other.name) in it is not of a broker"])
                    return
                }
                try disk.removeIfPresent(directory + "/" + PartitionMetadata.fileName)
                try disk.removeDirectory(directory)
            } catch {
                logger.logLimited(
                    .warning, "partition_removal.failed",
                    ["directory": directory, "reason": error.description])
            }
        }
    }
}
