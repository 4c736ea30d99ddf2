// A place where an engine keeps logs: a log directory, or a share of what several machines use. Places fail
// and fill up one by one, and the metadata log names the one that each partition lies in (KIP-858).
package import Base
package import Records

/// One place of an engine.
package protocol StoragePlace: AnyObject, Sendable {
    /// What the metadata log calls it.
    var directoryID: UUID { get }
    /// What to call it in an error: the path of a directory.
    var path: String { get }
    /// Whether nothing can be written here until the next start.
    var hasFailed: Bool { get }
    /// Whether clients' records are refused here for lack of space.
    var isFull: Bool { get }
    /// How many partitions of topics lie here, open or not.
    var partitionCount: Int { get }
    /// How much there is room for; nil where that cannot be told. May wait for the disk.
    var space: PlaceSpace? { get }
    /// Calls `body`, on another thread, now and then after something was written.
    func afterWrites(_ body: @escaping @Sendable () -> Void)

    /// The partitions that lie here, in no order.
    func partitionNames() throws(StorageError) -> [TopicPartition]
    /// What is known of a partition that lies here.
    func look(at partition: TopicPartition) throws(StorageError) -> FoundPartition
    /// Whether nothing is known of a partition but its name.
    func isUnknown(_ partition: TopicPartition) throws(StorageError) -> Bool
    /// Forgets, for good when the call returns, what is noted of partitions of these names that were deleted:
    /// it would pass for what is known of new ones.
    func forget(_ partitions: [TopicPartition]) throws(StorageError)
    /// The open log of a partition.
    func log(of partition: TopicPartition) -> PartitionLog?
    /// So many partitions lie here that will be opened sooner or later.
    func expect(_ partitions: Int)
    /// One of them was opened, or could not be, or is not wanted any more.
    func met()
    /// Makes a log that is not open yet start at `offset`, if it does not reach it.
    func begin(_ partition: TopicPartition, at offset: Offset)
    /// Opens a partition, recovering it if the last stop was not clean; it is made if it was never there.
    ///
    /// Where several machines can reach it, nobody else appends from now on: whoever had it before is fenced
    /// when the call returns, and the log ends behind all that was committed.
    /// - Throws: `.partitionMissing`, `.topicIDMismatch`, and `.corrupt` where something durable is damaged:
    ///   that partition alone is then not served.
    func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind
    ) throws(StorageError) -> PartitionLog
    /// Makes new partitions, durably; what came of each, in their order.
    func createPartitions(
        _ wanted: [NewPartition], kind: LogKind
    ) -> [Result<PartitionLog, StorageError>]
    /// Deletes a partition, open or not: it is gone when the call returns.
    func deletePartition(_ partition: TopicPartition) throws(StorageError)
    /// Deletions that an earlier run left in their middle; only whoever knows the topics can tell whether
    /// they were deletions.
    func unfinishedDeletions() throws(StorageError) -> [UnfinishedDeletion]
    /// Goes on with one.
    func finish(_ deletion: UnfinishedDeletion)

    /// Moves to this place that an earlier run left in their middle.
    func unfinishedMoves() throws(StorageError) -> [UnfinishedMove]
    /// Has what was copied count: only where the move came to its end, so that it is whole.
    func complete(_ move: UnfinishedMove) throws(StorageError)
    /// Removes what was copied.
    func discard(_ move: UnfinishedMove)

    /// Reads the batches of a partition that is not open, one after another up to the first that is not
    /// whole, and changes nothing.
    func peek(
        at partition: TopicPartition, _ visit: (RecordBatch) throws(StorageError) -> Void
    ) throws(StorageError)
    /// The small files beside the batches of a partition, and whatever else lies there.
    func files(of partition: TopicPartition) throws(StorageError) -> [StoredFile]
    /// The bytes of a small file of the place, or of a partition in it; nil if there is none.
    func contents(
        of name: String, in partition: TopicPartition?, limit: Int
    ) throws(StorageError) -> [UInt8]?
    /// Puts a small file beside the batches of a partition, whole and for good when the call returns.
    func replace(_ name: String, in partition: TopicPartition, with bytes: [UInt8]) throws(StorageError)
    /// Removes a small file.
    func remove(_ name: String, of partition: TopicPartition) throws(StorageError)
}

extension StoragePlace {
    /// Opens a partition whose producers are tracked.
    package func openPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig
    ) throws(StorageError) -> PartitionLog {
        try openPartition(partition, id: id, config: config, kind: .data)
    }

    /// Makes a new partition, whose first record gets the offset `start`; it is durable when the call
    /// returns.
    package func createPartition(
        _ partition: TopicPartition, id: TopicID, config: LogConfig, kind: LogKind = .data,
        startingAt start: Offset = .zero
    ) throws(StorageError) -> PartitionLog {
        var wanted = NewPartition(partition, of: id, config: config)
        wanted.start = start
        return try createPartitions([wanted], kind: kind)[0].get()
    }
}

/// How much there is room for in a place, with whoever shares it.
package struct PlaceSpace: Equatable, Sendable {
    package var totalBytes: Int64
    /// What of that may still be written.
    package var freeBytes: Int64

    /// Room for `totalBytes`, of which `freeBytes` are left.
    package init(totalBytes: Int64, freeBytes: Int64) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
    }
}

/// A partition that was found where logs are kept.
package struct FoundPartition: Equatable, Sendable {
    /// Topic and number.
    package var partition: TopicPartition
    /// The id of its topic; nil if it cannot be told.
    package var topicID: TopicID?
    /// What to call it in an error.
    package var path: String

    /// `partition` of the topic `topicID`, at `path`.
    package init(partition: TopicPartition, topicID: TopicID?, path: String) {
        self.partition = partition
        self.topicID = topicID
        self.path = path
    }
}

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

/// What looks like a partition that an earlier run was about to delete.
package struct UnfinishedDeletion: Sendable {
    /// What to call it in an error.
    package var path: String
    /// The partition, as far as its name tells.
    package var partition: TopicPartition?
    /// The id of its topic; nil if it cannot be told.
    package var topicID: TopicID?
    /// Whether nothing is left of it.
    package var isEmpty: Bool

    /// What is left of a partition of the topic `topicID`, at `path`.
    package init(path: String, partition: TopicPartition?, topicID: TopicID?, isEmpty: Bool) {
        self.path = path
        self.partition = partition
        self.topicID = topicID
        self.isEmpty = isEmpty
    }
}

/// A file beside the batches of a partition.
package struct StoredFile: Equatable, Sendable {
    package var name: String
    package var sizeBytes: Int64
    /// When it was written; nil if nobody knows.
    package var modified: Timestamp?

    /// A file as it was found.
    package init(name: String, sizeBytes: Int64, modified: Timestamp?) {
        self.name = name
        self.sizeBytes = sizeBytes
        self.modified = modified
    }
}
