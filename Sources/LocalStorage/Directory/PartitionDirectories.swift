// The directories of partitions, whether or not a log is open over them: each is named after topic and
// number, and has a file that tells the topic's id.
internal import Base
internal import Records
internal import Storage

/// The directories of partitions in one log directory.
struct PartitionDirectories: Sendable {
    /// The path of the log directory.
    let path: String
    let disk: any Disk

    /// The path of a partition's directory.
    func path(of partition: TopicPartition) -> String { path + "/" + partition.description }

    /// The partitions that have directories, in no order; the directories are not looked into.
    func names() throws(StorageError) -> [TopicPartition] {
        try disk.directories(in: path).compactMap { TopicPartition(directoryName: $0) }
    }

    /// What stands in a partition's directory.
    func look(at partition: TopicPartition) throws(StorageError) -> FoundPartition {
        let directory = path(of: partition)
        return FoundPartition(
            partition: partition, topicID: try Self.topicID(in: directory, disk), path: directory)
    }

    /// The id of the topic that a directory belongs to; nil if it cannot be told.
    static func topicID(in directory: String, _ disk: any Disk) throws(StorageError) -> TopicID? {
        let file = directory + "/" + PartitionMetadata.fileName
        guard let bytes = try disk.contents(file, limit: 4096) else { return nil }
        return (try? PartitionMetadata(reading: bytes, path: file))?.topicID
    }

    /// Whether there is a directory of the partition.
    func exists(_ partition: TopicPartition) throws(StorageError) -> Bool {
        try disk.entry(at: path(of: partition)) != nil
    }

    /// The files in a partition's directory; none if there is no such directory.
    func files(of partition: TopicPartition) throws(StorageError) -> [StoredFile] {
        guard try exists(partition) else { return [] }
        return try disk.list(path(of: partition)).filter { !$0.isDirectory }.map {
            StoredFile(name: $0.name, sizeBytes: $0.sizeBytes, modified: $0.modified)
        }
    }

    /// Puts a small file into a partition's directory, whole and for good when the call returns.
    func replace(
        _ name: String, in partition: TopicPartition, with bytes: [UInt8]
    ) throws(StorageError) {
        try disk.replace(path(of: partition) + "/" + name, with: bytes, isDurable: true)
    }

    /// Removes a file from a partition's directory.
    func remove(_ name: String, of partition: TopicPartition) throws(StorageError) {
        try disk.remove(path(of: partition) + "/" + name)
    }

    /// The bytes of a file of the log directory, or of a partition in it; nil if there is none.
    func contents(
        of name: String, in partition: TopicPartition?, limit: Int
    ) throws(StorageError) -> [UInt8]? {
        try disk.contents((partition.map(path(of:)) ?? path) + "/" + name, limit: limit)
    }

    /// Reads the batches in the files of a partition, one after another up to the first that is not whole.
    func peek(
        at partition: TopicPartition, _ visit: (RecordBatch) throws(StorageError) -> Void
    ) throws(StorageError) {
        let directory = path(of: partition)
        for entry in try disk.list(directory) where entry.name.hasSuffix(".log") {
            let file = try disk.open(directory + "/" + entry.name, .readOnly)
            do throws(StorageError) {
                _ = try walkHeaders(of: file, in: 0..<entry.sizeBytes, blockBytes: 1 << 16, mayWait: true) {
                    (header, position) throws(StorageError) in
                    guard header.sizeInBytes <= StorageLimits.batchBytesMax else { return false }
                    let bytes = try file.bytes(header.sizeInBytes, at: position)
                    guard let batch = try? RecordBatch(reading: bytes.rawSpan),
                        (try? batch.verifyChecksum()) != nil
                    else { return false }
                    try visit(batch)
                    return true
                }
            } catch {
                // The end of what was written before a crash.
                guard case .corrupt = error else { throw error }
                return
            }
        }
    }
}
