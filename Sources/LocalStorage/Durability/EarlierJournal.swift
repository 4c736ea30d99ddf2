// The journal of a run that did not end cleanly, as the journal of this run knows it: how it is replayed into
// segments is for the layers above to say.
internal import Base
internal import Storage

/// What an earlier run's journal still holds, and is not in the segments.
protocol EarlierJournal: AnyObject, Sendable {
    /// Whether the journal holds something of a partition, and is still there.
    func holds(_ partition: TopicPartition) -> Bool
    /// Whether a later start may find something of a partition in the journal.
    func names(_ partition: TopicPartition) -> Bool
    /// What was durable of a partition, whose segments hold it when the call returns.
    func replay(_ partition: TopicPartition) throws(StorageError) -> Offset
    /// Replays what is left, also of partitions that nobody opens, and removes the file.
    func finish(removing remove: () throws(StorageError) -> Void) throws(StorageError)
}
