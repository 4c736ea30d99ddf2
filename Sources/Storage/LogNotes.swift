// What a log keeps beside its bytes: snapshots of its producers, and its leader epochs. All of it can be
// rebuilt from the log.
package import Base

/// Keeps the notes of one log.
package protocol LogNotes: AnyObject, Sendable {
    /// The offsets of all snapshots, ascending.
    func snapshotOffsets() throws(StorageError) -> [Offset]
    /// The bytes of a snapshot; nil if there is none at `offset`.
    func snapshot(at offset: Offset) throws(StorageError) -> [UInt8]?
    /// Begins to keep a snapshot; once it is there, older ones may be dropped: the fewer are left, the more
    /// of a log may have to be read where the newest is damaged.
    func draftSnapshot(_ bytes: [UInt8], at offset: Offset) throws(StorageError) -> any NoteDraft
    /// Drops a snapshot.
    func removeSnapshot(at offset: Offset) throws(StorageError)
    /// The epochs; nil if there are none, or they are damaged.
    func leaderEpochs() throws(StorageError) -> LeaderEpochs?
    /// What is known of aborted transactions, stretch by stretch, ascending; where nothing is cut into
    /// segments, one stretch at offset 0.
    func transactionNotes() throws(StorageError) -> [TransactionNotes]
    /// Keeps exactly these aborted transactions for the stretch at `base`.
    func replaceTransactions(_ entries: [AbortedTransaction], base: Offset) throws(StorageError)
    /// Keeps aborted transactions with the stretches that hold their markers; durable when it returns.
    func append(_ entries: [AbortedTransaction]) throws(StorageError)
    /// Begins to keep the epochs.
    func draft(_ epochs: LeaderEpochs) throws(StorageError) -> any NoteDraft
    /// Writes nothing any more when it returns: what lies here later is another log's.
    func close()
}

/// Notes that are written, but not yet in place of those before.
///
/// In three steps, each of which is taken for many logs before the next: the syncs of many files together
/// cost little more than one.
package protocol NoteDraft: Sendable {
    /// Makes the bytes durable, which must come before the name.
    func sync() throws(StorageError)
    /// Puts it in place.
    func install() throws(StorageError)
    /// Makes its place durable, where that matters.
    func syncName() throws(StorageError)
}

/// What was kept of one stretch of a log, for the index of aborted transactions.
package struct TransactionNotes: Sendable {
    /// The first offset of the stretch, which ends where the next one begins.
    package var base: Offset
    /// The transactions whose markers lie in it; nil if none were kept, not even that there are none, or what
    /// was kept is damaged.
    package var entries: [AbortedTransaction]?
    /// Whether something was kept that cannot be read.
    package var isDamaged: Bool

    /// `entries` of the stretch at `base`.
    package init(base: Offset, entries: [AbortedTransaction]?, isDamaged: Bool = false) {
        self.base = base
        self.entries = entries
        self.isDamaged = isDamaged
    }
}
