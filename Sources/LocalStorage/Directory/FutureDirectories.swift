// Directories of partitions on their way to this log directory: `topic-N.UUID-future`, as Kafka names them.
// They hold what a partition's directory holds, and count for nothing until they have its name.
internal import Base
internal import Storage

/// The directories of partitions that are being moved into a log directory.
struct FutureDirectories {
    private let path: String
    private let services: StoreServices

    /// Those in the log directory at `path`.
    init(_ path: String, _ services: StoreServices) {
        self.path = path
        self.services = services
    }

    /// Makes one that says whose it is; its path.
    func make(_ partition: TopicPartition, of topicID: TopicID) throws(StorageError) -> String {
        let directory =
            "\(path)/\(partition).\(NamedDirectory.uniquePart())\(NamedDirectory.futureSuffix)"
        try services.disk.createDirectory(directory)
        try services.disk.replace(
            directory + "/" + PartitionMetadata.fileName, with: PartitionMetadata(topicID: topicID).bytes,
            isDurable: true)
        try services.disk.syncDirectory(path)
        return directory
    }

    /// Those that there are.
    func all() throws(StorageError) -> [UnfinishedMove] {
        var found: [UnfinishedMove] = []
        for name in try services.disk.directories(in: path).sorted() {
            guard case .future(let partition) = NamedDirectory(name) else { continue }
            let directory = path + "/" + name
            let topicID = try PartitionDirectories.topicID(in: directory, services.disk)
            let isEmpty = try !services.disk.list(directory).contains { $0.name.hasSuffix(".log") }
            found.append(
                UnfinishedMove(partition, topicID: topicID, isEmpty: isEmpty, path: directory))
        }
        return found
    }

    /// Makes one the directory of its partition, for good when the call returns.
    func complete(_ directory: String, of partition: TopicPartition) throws(StorageError) {
        try services.disk.rename(directory, to: path + "/" + partition.description)
        try services.disk.syncDirectory(path)
    }
}
