// The log `__cluster_metadata-0`, in Kafka's own KRaft format: this broker is its only voter and therefore
// always its leader. Every start begins a new quorum epoch, with its LeaderChange batch and the broker's
// registration.
package import Base
internal import Protocol
internal import Records
internal import Storage

/// Why the metadata log could not be written: storage failed, or a value is too long for its field.
package struct MetadataError: Error, CustomStringConvertible {
    package let description: String
    /// Whether there was no space left: a start goes on without what it wanted to write.
    let isLackOfSpace: Bool

    init(description: String) {
        self.description = description
        isLackOfSpace = false
    }

    /// What any other error means for the metadata log.
    init(_ error: any Error) {
        description = "\(error)"
        isLackOfSpace = (error as? StorageError)?.isLackOfSpace ?? false
    }
}

/// Appends records to the metadata log and keeps the state that they amount to.
package final class MetadataLog: Sendable {
    private struct State {
        var replay = MetadataReplay()
        var lastOffset = Offset(-1)
        var brokerEpoch: Int64 = -1
        /// The size of all batches behind the snapshot of the start.
        var bytes: Int64 = 0
        /// Whether something of what the start writes is still to be written.
        var isBeginning = false
    }
    private let state = Lock(State())
    /// Held by whoever appends until its records are applied, as they are applied in their order.
    ///
    /// In it is what of the start is still to be written, which comes before everything else.
    private let appending = SleepingLock<EpochBeginning?>(nil)
    private let log: PartitionLog
    private let durability = DurabilityWatch()
    private let clock: any BrokerClock
    /// The last quorum epoch that the log itself may not know of.
    private let earlierEpoch: LeaderEpoch
    /// The snapshot that the replay began with.
    let startingSnapshot: (end: Offset, epoch: LeaderEpoch)?

    /// Replays `log`, whose observer it becomes, on top of `snapshot`.
    init(
        log: PartitionLog, clock: any BrokerClock, snapshot: MetadataSnapshot? = nil,
        quorumState: QuorumState? = nil
    ) throws(StartError) {
        self.log = log
        self.clock = clock
        earlierEpoch = max(snapshot?.epoch ?? .zero, quorumState?.epoch ?? .zero)
        startingSnapshot = snapshot.map { ($0.end, $0.epoch) }
        log.setObserver(durability)
        if let snapshot {
            state.withLock { state in
                state.replay = snapshot.replay
                state.lastOffset = Offset(snapshot.end.value - 1)
            }
        }
        try replay(from: snapshot?.end ?? .zero)
    }

    /// The state after the last record.
    ///
    /// Only the catalog's thread changes topics.
    package var image: MetadataImage { state.withLock { $0.replay.image } }
    /// The voters of the quorum, as far as the log names them.
    var quorum: QuorumTraits { state.withLock { $0.replay.quorum } }
    /// The offset of the last record.
    package var lastOffset: Offset { state.withLock { $0.lastOffset } }
    /// The offset of this start's registration (KIP-631), -1 before it is written.
    package var brokerEpoch: Int64 { state.withLock { $0.brokerEpoch } }
    /// The quorum epoch of the last record.
    var lastEpoch: LeaderEpoch { max(log.leaderEpochs.latest?.epoch ?? .zero, earlierEpoch) }
    /// The offset behind the last record that is durable.
    var durableEnd: Offset { log.bounds.highWatermark }
    /// The size of all batches behind the snapshot that the replay began with.
    var bytesBehindSnapshot: Int64 { state.withLock { $0.bytes } }
    /// The offset that the next record will have, as nobody else writes.
    var endOffset: Offset { log.bounds.logEnd }

    /// Appends `records` as one batch and returns the offset of the last one when they are durable and
    /// applied.
    ///
    /// Blocks for a sync of the disk, whatever the number of records, so what belongs together comes in one
    /// call, and never on an event loop.
    @discardableResult
    package func append(_ records: [MetadataRecord]) throws(MetadataError) -> Offset {
        try appending.withLock { (beginning) throws(MetadataError) in
            try goOn(&beginning)
            return try appendAlone(records)
        }
    }

    /// Writes what a start begins with, now or, where there is no space for it, before the next records.
    func begin(_ beginning: EpochBeginning) throws(MetadataError) {
        state.withLock { $0.isBeginning = true }
        try appending.withLock { (left) throws(MetadataError) in
            left = beginning
            try goOn(&left)
        }
    }

    /// Writes what is left of it.
    func goOnBeginning() throws(MetadataError) {
        try appending.withLock { (left) throws(MetadataError) in try goOn(&left) }
    }

    /// Whether something of it is left.
    var isBeginning: Bool { state.withLock { $0.isBeginning } }

    /// Whether a write or sync failed, so that nothing is written until the next start.
    var hasFailed: Bool { durability.failure != nil }

    private func goOn(_ beginning: inout EpochBeginning?) throws(MetadataError) {
        guard beginning != nil else { return }
        try beginning?.goOn(self)
        beginning = nil
        state.withLock { $0.isBeginning = false }
    }

    /// Appends what `decide` makes of the state, which nobody changes meanwhile; nothing where that is empty.
    func append(_ decide: (MetadataImage) -> [MetadataRecord]) throws(MetadataError) {
        try appending.withLock { (beginning) throws(MetadataError) in
            try goOn(&beginning)
            let records = decide(image)
            if !records.isEmpty { _ = try appendAlone(records) }
        }
    }

    /// Appends for somebody who is alone with the log.
    @discardableResult
    func appendAlone(_ records: [MetadataRecord]) throws(MetadataError) -> Offset {
        var builder = BatchBuilder()
        let now = clock.wallTime()
        for record in records {
            do throws(WireError) {
                builder.append(timestamp: now, key: nil, value: try record.encoded())
            } catch {
                throw MetadataError(description: "a value is too long for the metadata log: \(error)")
            }
        }
        let last = try store(builder)
        state.withLock { state in
            for record in records { state.replay.image.apply(record) }
            state.lastOffset = last
        }
        return last
    }

    /// Begins the quorum epoch `epoch`, whose first batch names this node as the leader.
    ///
    /// The message is of version 0 whatever the quorum's: Kafka 4.3 reads no other.
    func begin(epoch: LeaderEpoch, nodeID: Int32) throws(MetadataError) {
        var voter = LeaderChangeMessage.Voter()
        voter.voterID = nodeID
        var change = LeaderChangeMessage()
        change.leaderID = nodeID
        change.voters = [voter]
        change.grantingVoters = [voter]
        var options = BatchOptions()
        options.isControl = true
        var builder = BatchBuilder(options)
        do {
            try log.becomeLeader(epoch: epoch)
            builder.append(
                timestamp: clock.wallTime(), key: ControlRecordKey.bytes(.leaderChange),
                value: try change.bytes(version: 0)
            )
        } catch {
            throw failed(error)
        }
        let last = try store(builder)
        state.withLock { $0.lastOffset = last }
    }

    /// What `error` means: once a sync has failed, nothing else is the reason for anything.
    private func failed(_ error: any Error) -> MetadataError {
        MetadataError(durability.failure ?? error)
    }

    /// Remembers the offset of this start's registration.
    func registered(at offset: Offset) { state.withLock { $0.brokerEpoch = offset.value } }

    private func store(_ builder: consuming BatchBuilder) throws(MetadataError) -> Offset {
        do {
            var bytes = try builder.finish()
            var span = bytes.mutableSpan
            var batch = unsafe span.mutableBytes
            let header = try BatchHeader(reading: batch.bytes)
            guard case .appended(let range, _) = try log.append(&batch, header: header) else {
                throw MetadataError(description: "the metadata log took a batch for a repeated one")
            }
            if let failure = durability.wait(for: range.last.next, of: log) { throw failure }
            state.withLock { $0.bytes += Int64(header.sizeInBytes) }
            return range.last
        } catch let error as MetadataError {
            throw error
        } catch {
            throw failed(error)
        }
    }
}

extension MetadataLog {
    private func replay(from start: Offset) throws(StartError) {
        let first = max(start, log.bounds.logStart)
        guard first == start else {
            throw StartError("the metadata log lacks the records from \(start.value) to \(first.value)")
        }
        do throws(MetadataError) {
            try walk(from: start, to: log.bounds.logEnd) { batch in
                try state.withLock { state in
                    try state.replay.apply(batch)
                    state.lastOffset = batch.header.lastOffset
                    state.bytes += Int64(batch.header.sizeInBytes)
                }
            }
        } catch {
            throw StartError(error.description)
        }
    }

    /// Calls `body` with the batches from `start` to `end`; see `PartitionLog.walkBatches`.
    func walk(
        from start: Offset, to end: Offset, _ body: (borrowing RecordBatch) throws -> Void
    ) throws(MetadataError) {
        do throws(LogWalkError) {
            try log.walkBatches(from: start, to: end, body)
        } catch {
            throw MetadataError(description: "the metadata log \(error)")
        }
    }

    /// Deletes the segments that lie wholly before `offset`, for which a snapshot stands.
    func deleteSegments(before offset: Offset, at now: Timestamp) throws(StorageError) {
        try log.trim(to: offset)
        _ = try log.expire(at: now)
    }
}

/// Lets a thread wait until a log is durable up to an offset.
final class DurabilityWatch: LogObserver {
    private struct State {
        var waiting: [(end: Offset, signal: Signal)] = []
        var failure: StorageError?
    }
    private let state = Lock(State())

    /// What the log failed with.
    var failure: StorageError? { state.withLock { $0.failure } }

    /// Blocks until everything before `end` is durable, or the log has failed before, with what this returns.
    func wait(for end: Offset, of log: PartitionLog) -> StorageError? {
        let signal: Signal? = state.withLock { state in
            if state.failure != nil || log.bounds.highWatermark >= end { return nil }
            let signal = Signal()
            state.waiting.append((end, signal))
            return signal
        }
        signal?.wait()
        return log.bounds.highWatermark >= end ? nil : failure
    }

    func logAdvanced(_ bounds: LogBounds) {
        let reached = state.withLock { state in
            let split = state.waiting.partition { $0.end <= bounds.highWatermark }
            defer { state.waiting.removeSubrange(split...) }
            return Array(state.waiting[split...])
        }
        for wait in reached { wait.signal.raise() }
    }

    func logFailed(_ error: StorageError) {
        let waiting = state.withLock { state in
            state.failure = state.failure ?? error
            defer { state.waiting = [] }
            return state.waiting
        }
        for wait in waiting { wait.signal.raise() }
    }
}
