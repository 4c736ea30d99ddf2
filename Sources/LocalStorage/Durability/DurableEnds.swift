// How far a log reaches, how much of that no crash takes back, and what stands for it: its files, or the
// journal. It is a value that changes by events, so that every order of them can be tried without a disk;
// files follow what it says.
internal import Base
internal import Storage

/// The place of an offset in a segment.
struct SyncedPlace: Equatable, Sendable, BitwiseCopyable {
    var segmentBase: Offset
    var position: Int64
}

/// The ends of one log.
struct DurableEnds: Equatable, Sendable {
    /// The first offset that can be read.
    private(set) var start: Offset
    /// What is durable in the files.
    private(set) var filed: Offset
    /// What is durable, in the files or in the journal: on disk nothing else reaches beyond it.
    private(set) var synced: Offset
    /// Behind the last batch.
    private(set) var end: Offset
    /// Where `synced` lies; nil where it is not known to lie in the active segment.
    private(set) var syncedPlace: SyncedPlace?

    /// How many segments, counted back from the one before the last, wait to be synced and tidied.
    private(set) var unsealed = 0
    /// Segments that end below it were synced since they were closed; that their records are durable would
    /// not do: they may be in the journal, and what was cut off behind them may come back.
    private(set) var sealableEnd = Offset.zero

    /// Whether an append failed whose bytes were cut off again, but not durably.
    private(set) var hasTrace = false
    /// Whether a segment file was created whose directory entry is not synced.
    private(set) var hasNewFile = false
    /// Whether not even the name of the file that identifies the log need be durable, without which a journal
    /// is of no use.
    private(set) var isDoubtful = false
    /// Whether the journal must not take anything now.
    private(set) var isLeavingJournal = false

    /// Whether the flusher knows that there is something to do.
    private(set) var isQueued = false
    /// Bytes that no sync has taken on yet, counted in the flusher's budget.
    private(set) var unsyncedBytes = 0
    /// The same with `apus.durability=os`, where nobody waits for a sync and no budget counts them.
    private(set) var patientBytes = 0
    /// Bytes that no sync will take on, as they are durable already or never will be, and that the budget
    /// still counts.
    private var settledBytes = 0

    /// What the budget counts of this log and no turn has taken.
    var countedBytes: Int { unsyncedBytes + settledBytes }

    /// Why nothing is appended any more.
    private(set) var failure: StorageError?
    private(set) var isClosed = false

    /// A log from `start` to `end` that is durable in its files, the last batch ending at `place`.
    init(start: Offset, end: Offset, place: SyncedPlace?) {
        (self.start, self.end, filed, synced, syncedPlace) = (start, end, end, end, place)
    }

    /// Whether appends are taken, and files may change.
    var isWritable: Bool { failure == nil && !isClosed }
    /// Whether a turn of the flusher has something to do.
    var isDirty: Bool { synced < end || unsealed > 0 }
    /// Whether the journal may stand for what is appended next.
    var mayJournal: Bool { unsealed == 0 && !isLeavingJournal && !isDoubtful }
}

// Events of the start.
extension DurableEnds {
    /// What a recovery found to be unsure.
    struct Doubts {
        /// The name of the newest file may get lost.
        var hasNewFile = false
        var isDoubtful = false
        var hasTrace = false
    }

    /// The log was opened, after a crash perhaps.
    mutating func opened(_ doubts: Doubts) {
        hasNewFile = doubts.hasNewFile
        isDoubtful = doubts.isDoubtful
        hasTrace = doubts.hasTrace
    }

    /// What lies beyond `durable`, and the last segments before the active one, is left to be synced while
    /// the log is in use.
    mutating func leftUnsynced(beyond durable: Offset, unsealed count: Int) {
        // The log starts where something durable was.
        synced = max(start, min(durable, end))
        filed = synced
        syncedPlace = nil
        hasNewFile = true
        unsealed = count
    }
}

// Events of appends.
extension DurableEnds {
    /// Batches up to `next` are in the file; whether the flusher is to be told.
    mutating func appended(_ bytes: Int, to next: Offset, isCounted: Bool) -> Bool {
        end = next
        if isCounted { unsyncedBytes += bytes } else { patientBytes += bytes }
        return mustQueue()
    }

    /// An append failed, and was cut off again.
    mutating func cutOff() { hasTrace = true }

    /// Another segment takes the appends.
    mutating func rolled() {
        unsealed += 1
        hasNewFile = true
    }

    /// Its file was made, and could not be used.
    mutating func rollFailed() {
        hasNewFile = true
        isDoubtful = true
    }

    /// Notes that the flusher is to look at the log; false if it knows.
    mutating func mustQueue() -> Bool {
        defer { isQueued = true }
        return !isQueued
    }
}

// Events of the flusher.
extension DurableEnds {
    /// The flusher looks at the log, and hears of later appends again.
    mutating func wasLookedAt() { isQueued = false }

    /// Bytes that the budget is to count no more; each is told once.
    mutating func takeSettledBytes() -> Int {
        if synced == end || !isWritable { settle() }
        defer { settledBytes = 0 }
        return settledBytes
    }

    private mutating func settle() {
        settledBytes += unsyncedBytes
        unsyncedBytes = 0
    }

    /// A sync takes everything on, names too, and with the active file its trace; the bytes that were counted
    /// of it.
    mutating func began(withActive hasActive: Bool) -> Int {
        defer {
            hasNewFile = false
            if hasActive { hasTrace = false }
            (unsyncedBytes, patientBytes) = (0, 0)
        }
        return unsyncedBytes
    }

    /// The files are durable up to `end`, which lies at `place`, and with `hasName` their names.
    mutating func synced(to end: Offset, at place: SyncedPlace?, hasName: Bool) {
        filed = max(filed, end)
        if hasName { isDoubtful = false }
        if let place { sealableEnd = max(sealableEnd, place.segmentBase) }
        advance(to: end, at: place)
    }

    /// The journal stands for what lies below `end`; a name that the turn took on is not durable by that.
    mutating func journalled(to end: Offset, at place: SyncedPlace?, hadName: Bool) {
        if hadName { hasNewFile = true }
        advance(to: end, at: place)
    }

    /// The files stand for themselves up to `end`, whatever the journal has; with `hasNewestName` every name
    /// of theirs is durable.
    mutating func filed(to end: Offset, hasNewestName: Bool) {
        filed = max(filed, end)
        if hasNewestName { hasNewFile = false }
    }

    /// The oldest of the closed segments that waited is tidy.
    mutating func sealed() { unsealed -= 1 }

    /// The journal is left to others from now on, until the files stand for themselves.
    mutating func leavesJournal(_ isLeaving: Bool) { isLeavingJournal = isLeaving }

    private mutating func advance(to end: Offset, at place: SyncedPlace?) {
        synced = max(synced, end)
        if let place, synced == end { syncedPlace = place }
    }
}

// The other events.
extension DurableEnds {
    /// Nothing before `offset` can be read any more.
    mutating func trimmed(to offset: Offset) { start = max(start, min(offset, end)) }

    /// A write or sync failed for good, or did so for another reason before.
    mutating func failed(_ error: StorageError) {
        failure = failure ?? error
        settle()
    }

    /// Nothing is appended or changed any more.
    mutating func closed() {
        isClosed = true
        settle()
    }

    /// What holds in whatever order events come.
    func checkInvariants() throws(InvariantViolation) {
        try invariant(start <= end, "the log starts at \(start.value), behind its end \(end.value)")
        try invariant(synced <= end, "\(synced.value) is durable, and the log ends at \(end.value)")
        try invariant(filed <= end, "\(filed.value) is durable in files, and the log ends at \(end.value)")
        try invariant(unsealed >= 0, "a segment was sealed that was not closed")
        if let place = syncedPlace {
            try invariant(
                place.segmentBase <= synced,
                "\(synced.value) is said to lie in the segment at \(place.segmentBase.value)")
        }
        try invariant(
            isWritable || unsyncedBytes == 0, "\(unsyncedBytes) bytes wait for a sync that will not come")
        try invariant(
            isQueued || unsyncedBytes == 0, "\(unsyncedBytes) bytes wait, and the flusher was not told")
    }
}
