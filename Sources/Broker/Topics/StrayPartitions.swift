// Directories of topics that are deleted: a crash between the RemoveTopic record and the renaming of the
// directories leaves them, in the way of a new topic of the same name.
internal import Base
internal import Storage

/// Compares the directories on the disk with the metadata.
enum StrayPartitions {
    /// Deletes the partitions of topics that `image` saw removed, and logs those that it knows nothing about:
    /// they may be all that is left of something, so they stay.
    ///
    /// In a single directory those in the way of a topic of the same name are found when that one's
    /// partitions are opened, as nobody should wait until thousands of directories are looked into. Must come
    /// before the partitions are opened.
    static func remove(
        _ image: MetadataImage, _ storage: any StorageEngine, _ logger: Logger
    ) throws(StartError) {
        do throws(StorageError) {
            let named = storage.places.count == 1 ? image.partitionCounts : [:]
            for directory in storage.places { try remove(image, from: directory, but: named, logger) }
            var all = storage.places
            if !all.contains(where: { $0 === storage.metadata }) { all.append(storage.metadata) }
            for directory in all { try finishDeletions(image, in: directory, storage, logger) }
        } catch {
            throw StartError(error.description)
        }
    }

    private static func remove(
        _ image: MetadataImage, from directory: any StoragePlace, but named: [Name: Int32], _ logger: Logger
    ) throws(StorageError) {
        for partition in try directory.partitionNames() where partition.topic != TopicName.clusterMetadata {
            guard partition.partition.value >= named[partition.topic] ?? 0 else { continue }
            let found = try directory.look(at: partition)
            guard let id = found.topicID else {
                logger.log(
                    .warning, "stray_partition.found",
                    ["directory": found.path, "reason": "it does not tell which topic it belongs to"])
                continue
            }
            guard image.topics[id] == nil else { continue }
            if image.removedTopics.contains(id) {
                do throws(StorageError) { try directory.deletePartition(found.partition) } catch {
                    // The next start finds it again.
                    guard error.isLackOfSpace else { throw error }
                    logger.log(
                        .warning, "stray_partition.found",
                        ["directory": found.path, "reason": error.description])
                    continue
                }
                logger.log(.info, "stray_partition.deleted", ["partition": "\(found.partition)"])
            } else {
                logger.log(
                    .warning, "stray_partition.found",
                    ["directory": found.path, "reason": "no topic has the id \(id)"])
            }
        }
    }

    /// Goes on with deletions that an earlier run began: its directories have the names of deleted
    /// partitions, and say which topic they were of, which is there no more.
    private static func finishDeletions(
        _ image: MetadataImage, in directory: any StoragePlace, _ storage: any StorageEngine, _ logger: Logger
    ) throws(StorageError) {
        for deletion in try directory.unfinishedDeletions() {
            var isOver = deletion.isEmpty || deletion.topicID.map { image.topics[$0] == nil } ?? false
            if !isOver { isOver = try storage.hasMoved(deletion) }
            if isOver {
                directory.finish(deletion)
                continue
            }
            let reason =
                deletion.topicID == nil
                ? "it does not tell which topic it belonged to" : "the topic it belongs to is there"
            logger.log(.warning, "deleted_partition.kept", ["directory": deletion.path, "reason": reason])
        }
    }
}

extension StorageEngine {
    /// Whether what was about to be deleted lies in some place under its own name: it was moved, and this is
    /// what stayed behind.
    fileprivate func hasMoved(_ deletion: UnfinishedDeletion) throws(StorageError) -> Bool {
        guard let partition = deletion.partition, let id = deletion.topicID else { return false }
        for place in places where try place.partitionNames().contains(partition) {
            if try place.look(at: partition).topicID == id { return true }
        }
        return false
    }
}

extension MetadataImage {
    /// How many partitions each topic has.
    fileprivate var partitionCounts: [Name: Int32] {
        Dictionary(topics.values.map { ($0.name, Int32($0.partitions.count)) }, uniquingKeysWith: max)
    }
}
