// Directories of topics that are deleted: a crash between the RemoveTopic record and the renaming of the
// directories leaves them, in the way of a new topic of the same name.
internal import Base
internal import Storage

/// Compares the directories on the disk with the metadata.
enum StrayPartitions {
    /// Deletes the partitions of topics that `image` saw removed, and logs those that it knows nothing about:
    /// they may be all that is left of something, so they stay.
    ///
    /// Must come before the partitions are opened.
    static func remove(
        _ image: MetadataImage, _ storage: LogDirectories, _ logger: Logger
    ) throws(StartError) {
        do throws(StorageError) {
            for directory in storage.data { try remove(image, from: directory, logger) }
        } catch {
            throw StartError(error.description)
        }
    }

    private static func remove(
        _ image: MetadataImage, from directory: LogDirectory, _ logger: Logger
    ) throws(StorageError) {
        for found in try directory.partitions() where found.partition.topic != TopicName.clusterMetadata {
            guard let id = found.topicID, image.topics[id] == nil else { continue }
            if image.removedTopics.contains(id) {
                try directory.deletePartition(found.partition)
                logger.log(.info, "partition.stray_deleted", ["partition": "\(found.partition)"])
            } else {
                logger.log(
                    .warning, "partition.stray",
                    ["directory": found.path, "reason": "no topic has the id \(id)"])
            }
        }
    }
}
