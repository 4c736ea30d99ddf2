// Seam 2: the bytes of one partition. The log above (PartitionLog) knows offsets, producers and epochs; a
// store only keeps batches, tells how far they are committed and finds them again. An append takes its bytes
// over at once, and what becomes of them is an event; what has to be looked up may come later, as from a cold
// disk or an object store.
package import Base
package import Records

/// How far a store reaches.
package struct StoreBounds: Equatable, Sendable {
    /// The first offset that can be read.
    package var start: Offset
    /// The offset after the last batch that was appended.
    package var end: Offset
    /// Up to here readers may see: what no crash can take back, or with `apus.durability=os` everything.
    package var durableEnd: Offset
    /// What no crash can take back.
    package var syncedEnd: Offset
    /// The first offset of what is kept, at or before `start`.
    package var oldest: Offset

    /// Bounds with these offsets.
    package init(
        start: Offset, end: Offset, durableEnd: Offset, syncedEnd: Offset, oldest: Offset
    ) {
        self.start = start
        self.end = end
        self.durableEnd = durableEnd
        self.syncedEnd = syncedEnd
        self.oldest = oldest
    }
}

/// What an append did besides keeping the batch.
package struct StoreAppend: Equatable, Sendable {
    /// Nothing more is added to what lies below this offset, that of the batch: the log above may note its
    /// state there.
    package var sealed: Offset?
    /// Up to here readers may see now: the end of the store with `apus.durability=os` where the engine grants
    /// that, and else what was durable before.
    package var visibleEnd: Offset

    /// The outcome of an append.
    package init(sealed: Offset? = nil, visibleEnd: Offset) {
        self.sealed = sealed
        self.visibleEnd = visibleEnd
    }
}

/// What becomes of a first batch that is larger than the bytes that are wanted.
package enum LargeFirstBatch: Equatable, Sendable {
    /// It comes whole (KIP-74).
    case whole
    /// Nothing comes.
    case none
    /// As much of it comes as is wanted.
    case cut
}

/// Which bytes are wanted.
package struct StoreRead: Equatable, Sendable {
    /// The first record wanted; the range begins with its batch.
    package var from: Offset
    /// Nothing from this offset on; must be the first offset of a batch, or an end.
    package var limit: Offset
    /// The length at which the range ends, also in the middle of a batch, if it does not end before.
    package var bytesMax: Int
    /// What becomes of the first batch if it is larger than that.
    package var firstBatch: LargeFirstBatch
    /// Whether the caller would rather wait for the disk than be answered later.
    package var mayWait = false

    /// A request for bytes.
    package init(from: Offset, limit: Offset, bytesMax: Int, firstBatch: LargeFirstBatch) {
        self.from = from
        self.limit = limit
        self.bytesMax = bytesMax
        self.firstBatch = firstBatch
    }
}

/// Bytes of whole batches (but perhaps the last) that lie one behind the other.
package struct StoredRange: Sendable {
    /// Where the bytes are read.
    package var source: any StoredBytes
    /// The first byte.
    package var position: Int64
    /// How many bytes there are.
    package var length: Int
    /// All records of the range lie below this offset.
    package var below: Offset
    /// Whether more lies behind it up to `below`, and only the wanted length ended it.
    package var isCut: Bool

    /// `length` bytes of `source` from `position`.
    package init(source: any StoredBytes, position: Int64, length: Int, below: Offset, isCut: Bool) {
        self.source = source
        self.position = position
        self.length = length
        self.below = below
        self.isCut = isCut
    }
}

/// Which record a timestamp lookup wants.
package enum TimestampQuery: Equatable, Sendable {
    /// The first record with this timestamp or a later one.
    case atOrAfter(Timestamp)
    /// The first record with the greatest timestamp of the log (KIP-734).
    case greatest
}

/// A record that a timestamp lookup found.
package struct TimestampHit: Equatable, Sendable {
    /// The offset of the record.
    package var offset: Offset
    /// The timestamp of the record.
    package var timestamp: Timestamp
    /// The leader epoch of its batch.
    package var leaderEpoch: LeaderEpoch

    /// A record's place in the log and in time.
    package init(offset: Offset, timestamp: Timestamp, leaderEpoch: LeaderEpoch) {
        self.offset = offset
        self.timestamp = timestamp
        self.leaderEpoch = leaderEpoch
    }
}

/// Which headers are wanted.
package struct HeaderRequest: Equatable, Sendable {
    /// Those of the batch that contains this offset, and of all behind it.
    package var from: Offset
    /// Or from so many bytes before the end of the store on, if that is earlier; with a few more in front
    /// where batches are not found exactly.
    package var bytesBack: Int
    /// The piece may have fewer, but one at least if there is one.
    package var countMax: Int
    /// Whether the caller would rather wait for the disk than be answered later.
    package var mayWait: Bool
    /// A piece of some hundred kilobytes.
    package static let usualCount = 1024

    /// A request for headers.
    package init(from: Offset, bytesBack: Int = 0, countMax: Int = Self.usualCount, mayWait: Bool) {
        self.from = from
        self.bytesBack = bytesBack
        self.countMax = countMax
        self.mayWait = mayWait
    }
}

/// Headers of batches that follow on each other.
package struct HeaderRun: Sendable {
    package var headers: [BatchHeader]
    /// Where the next piece begins; nil where the store ends.
    package var next: Offset?

    /// A piece of a walk.
    package init(headers: [BatchHeader], next: Offset?) {
        self.headers = headers
        self.next = next
    }
}

/// What a store tells the log above, one thing after another, never under a lock, and never within a call of
/// the log but `Deletion.run`.
package protocol LogStoreEvents: AnyObject, Sendable {
    /// More is durable than was told before: up to `bounds.durableEnd`.
    func storeAdvanced(_ bounds: StoreBounds)
    /// The store takes no more appends, and nothing more becomes durable; told once.
    func storeFailed(_ error: StorageError)
    /// It is time for bookkeeping on the disk, which must not reach beyond `syncedEnd`.
    func storeSettled(_ syncedEnd: Offset)
}

/// The bytes of one partition.
package protocol LogStore: AnyObject, Sendable {
    /// Where events go; held weakly. Called once, before the first append; what a failure was before is told
    /// then, and how far the store reaches is asked once more.
    func attach(_ events: any LogStoreEvents)

    /// How far the store reaches now.
    var bounds: StoreBounds { get }
    /// How many bytes all batches take that are kept, those before the start too.
    var sizeBytes: Int64 { get }

    /// Appends one batch whose base offset is the end of the store; the bytes are taken over before the call
    /// returns, and whether they are kept for good is told by events. Where nobody waits for that
    /// (`isAwaited`), it may take a little longer.
    ///
    /// An epoch is over once a later one was appended in since the store was opened, or the engine knows of
    /// one otherwise.
    /// - Throws: `.outOfSpace`, `.io`, `.offline`, `.closed`, `.staleLeaderEpoch`, `.batchTooLarge`;
    ///   nothing was kept then.
    func append(_ batch: RawSpan, _ header: BatchHeader, isAwaited: Bool) throws(StorageError) -> StoreAppend

    /// Finds the bytes of `request`, also before the start where they are still kept; nil where there is
    /// nothing below its limit.
    ///
    /// - Throws: `.offsetOutOfRange` where nothing is kept any more, `.closed`, `.io`, `.corrupt`; a promise
    ///   may end in these, too.
    func read(_ request: StoreRead) throws(StorageError) -> Eventually<StoredRange?>

    /// Finds a record by time among those from the start on and below `limit`; exact inside batches,
    /// compressed ones too, so that the batch in which it lies is decompressed.
    func find(
        _ query: TimestampQuery, below limit: Offset, mayWait: Bool
    ) throws(StorageError) -> Eventually<TimestampHit?>

    /// The headers of batches in their order, piece by piece; also of those before the start that are still
    /// kept.
    func headers(_ request: HeaderRequest) throws(StorageError) -> Eventually<HeaderRun>

    /// Makes `offset`, or the end if that lies before, the first that can be read, unless it lies further on
    /// already; `maintain` frees what lies wholly before it.
    func trim(to offset: Offset)

    /// Does what is due at `now`, looks nothing up and syncs nothing, and says what is left; nothing that
    /// reaches `limit` is deleted.
    func maintain(
        _ duty: MaintenanceDuty, at now: Timestamp, below limit: Offset
    ) throws(StorageError) -> Maintenance

    /// Uses other settings from now on.
    ///
    /// What readers may see goes back where `apus.durability` gets stricter: the log above must not.
    func update(_ shared: SharedLogConfig)

    /// Ends appends and lookups, which throw `.closed` from now on; the bounds stay.
    ///
    /// Nothing more becomes durable: what a clean stop wants done before is between the engine and its
    /// stores.
    func close()
}
