// A partition that goes from one place of an engine to another while it is served (KIP-113). What it holds is
// copied beside it; only at the end its log is closed for as long as the rest takes.
package import Base

/// A partition on its way to another place.
///
/// One thread at a time takes the steps:
///
///     while try move.copy(atMost: 64 << 20) > threshold {}
///     try move.finish()
///     try writeDownThatItLies(in: move.target)
///     try move.commit()
package protocol PartitionMove: AnyObject, Sendable {
    /// What moves.
    var partition: TopicPartition { get }
    /// Where it goes.
    var target: any StoragePlace { get }
    /// How many bytes of its batches lie there by now, and an offset up to which they do; from any thread.
    var copied: (bytes: Int64, end: Offset) { get }

    /// Copies so many bytes at most of what is not there yet; how many are left.
    func copy(atMost bytesMax: Int64) throws(StorageError) -> Int64
    /// Ends appends, closes the log as a clean stop would, and copies the rest: when it returns, the
    /// partition lies whole and durable in both places, and in neither under a name that counts in the new
    /// one.
    ///
    /// Where it throws, the partition can be opened where it was.
    func finish() throws(StorageError)
    /// Has the new place count, and the old one no longer: only what comes last can be missing after a crash,
    /// and the next start makes up for it. Whoever keeps track of places has to know of the new one before.
    func commit() throws(StorageError)
    /// Removes what was copied.
    func abandon()
}

/// What an earlier run copied of a partition and did not bring to its end.
package struct UnfinishedMove: Sendable {
    /// What was to move, as its name tells.
    package let partition: TopicPartition
    /// The id of its topic; nil if it cannot be told.
    package let topicID: TopicID?
    /// Whether no record was copied yet.
    package let isEmpty: Bool
    /// What to call it in an error.
    package let path: String

    /// What lies at `path` of the partition `partition`.
    package init(_ partition: TopicPartition, topicID: TopicID?, isEmpty: Bool, path: String) {
        self.partition = partition
        self.topicID = topicID
        self.isEmpty = isEmpty
        self.path = path
    }
}
