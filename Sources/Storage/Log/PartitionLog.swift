// The log of one partition, above the store of its bytes: it assigns offsets, knows producers and leader
// epochs, and says how far readers may see. All state sits behind one lock, which is held for an append's
// single write but never for reading.
package import Base
package import Records

/// What a log tells about its progress, on the flusher's thread and never under a lock.
package protocol LogObserver: AnyObject, Sendable {
    /// Readers may see more than before.
    func logAdvanced(_ bounds: LogBounds)
    /// The log takes no more appends; what was appended and is not below the high watermark may be lost.
    func logFailed(_ error: StorageError)
}

/// How far a log reaches, all at the same moment.
package struct LogBounds: Equatable, Sendable, BitwiseCopyable {
    /// The first offset that can be read.
    package var logStart: Offset
    /// The offset that the next record gets.
    package var logEnd: Offset
    /// The durable end: a crash may take back what lies from here on, and readers do not see it.
    package var highWatermark: Offset
    /// The last stable offset: nothing from here on is shown to read_committed consumers.
    package var lastStable: Offset
    package var leaderEpoch: LeaderEpoch
}

/// The offsets of the first and the last record of a batch.
package struct OffsetRange: Equatable, Sendable, BitwiseCopyable {
    /// The offset of the first record.
    package var first: Offset
    /// The offset of the last record.
    package var last: Offset
}

/// What became of a batch.
package enum AppendResult: Equatable, Sendable {
    /// It stands in the log.
    case appended(OffsetRange, logStart: Offset)
    /// It stands there since an earlier append. That one need not be durable yet: who waits for durability
    /// waits for that of the range's last offset.
    case duplicate(OffsetRange, timestamp: Timestamp, logStart: Offset)
    /// It was not appended, as only the log itself can tell whether it stands there already: it is to come
    /// again after `PartitionLog.recallProducers`.
    case mustRecall
}

/// A partition's log.
package final class PartitionLog: Sendable {
    struct State: Sendable {
        var shared: SharedLogConfig
        var config: LogConfig { shared.value }
        var bounds: LogBounds
        var epochs: LeaderEpochs
        var producers: ProducerState
        var verifications = TransactionVerifications()
        /// Producers as they were when a segment was opened, to be written once that offset is durable.
        var snapshots: [(offset: Offset, producers: ProducerState)] = []
        var aborted: TransactionIndex
        /// Whether the file of epochs is behind.
        var epochsChanged = false
        /// The newest snapshot on the disk.
        var lastSnapshot: Offset?
        /// The high watermark and last stable offset that the observer has heard of.
        var announced: (highWatermark: Offset, lastStable: Offset)
        /// Held on to, so it must not hold on to the log.
        var observer: (any LogObserver)?
        var hasFailed = false

        mutating func updateStable() {
            producers.markersBecameDurable(below: bounds.highWatermark)
            // Of a transaction that began before the start of the log only the rest is in the way.
            let unstable = producers.firstUnstable.map { max($0, bounds.logStart) }
            bounds.lastStable = min(bounds.highWatermark, unstable ?? bounds.highWatermark)
        }
    }

    /// Topic and number.
    package let partition: TopicPartition
    /// The id of the topic.
    package let topicID: TopicID
    /// Whether producers are tracked.
    package let kind: LogKind
    let store: any LogStore
    let notes: any LogNotes
    let services: LogServices
    let state: Lock<State>
    /// Held while producers are looked up in the log: once is enough for all who wait.
    let recalling = Lock(())

    init(
        _ identity: LogIdentity, store: any LogStore, notes: any LogNotes, services: LogServices,
        state: State
    ) {
        partition = identity.partition
        topicID = identity.topicID
        kind = identity.kind
        self.store = store
        self.notes = notes
        self.services = services
        self.state = Lock(state)
        store.attach(self)
    }

    /// Where the log is and where it ends, in one lock acquisition.
    package var bounds: LogBounds { state.withLock { $0.bounds } }

    /// How many bytes its batches take, those too that were deleted and still lie there.
    package var sizeBytes: Int64 { store.sizeBytes }

    /// Whether a write or sync failed, so that the log takes no more appends.
    package var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// The settings in use.
    package var config: LogConfig { state.withLock { $0.config } }

    /// Uses other settings from now on.
    package func update(_ config: LogConfig) { update(SharedLogConfig(config)) }

    /// The same with settings that it shares with others.
    package func update(_ shared: SharedLogConfig) {
        state.withLock { $0.shared = shared }
        store.update(shared)
    }

    /// Who is told about progress; the log holds on to it, so that it must not hold on to the log.
    package func setObserver(_ observer: any LogObserver) { state.withLock { $0.observer = observer } }

    /// Appends exactly one validated batch of format v2, and stamps its base offset and leader epoch into its
    /// bytes.
    ///
    /// When it returns, the operating system has the bytes and the flusher is at work on them; where nobody
    /// waits for their durability (`isAwaited`), a heavy stream may be gathered for some milliseconds first.
    /// - Throws: `.outOfOrderSequence`, `.staleProducerEpoch`, `.outsideTransaction`,
    ///   `.staleCoordinatorEpoch`, `.batchTooLarge`, `.reserveReached`, `.outOfSpace`, `.io`, `.offline`,
    ///   `.closed`; nothing was appended then.
    package func append(
        _ batch: inout MutableRawSpan, header: BatchHeader, isAwaited: Bool = true,
        from origin: AppendOrigin = .producer
    ) throws(StorageError) -> AppendResult {
        precondition(
            batch.byteCount == header.sizeInBytes, "exactly one batch is appended, with its own header")
        return try state.withLock { (state) throws(StorageError) in
            let isTracked = kind == .data && header.hasProducerID
            let marker = isTracked ? EndTransactionMarker(batch.bytes, header) : nil
            if isTracked {
                switch try state.judge(header, marker, origin) {
                case .append: break
                case .unknown: return .mustRecall
                case .duplicate(let earlier):
                    return .duplicate(
                        OffsetRange(first: earlier.firstOffset, last: earlier.lastOffset),
                        timestamp: earlier.timestamp,
                        logStart: state.bounds.logStart)
                }
            }
            // What the broker itself must be able to write passes: metadata, and the ends of transactions.
            if kind == .data, services.refusesRecords() {
                if services.refusesAll() {
                    throw .outOfSpace(operation: .write, path: partition.description)
                }
                if !header.attributes.isControl { throw .reserveReached(path: partition.description) }
            }
            var header = header
            header.baseOffset = state.bounds.logEnd
            header.leaderEpoch = state.bounds.leaderEpoch
            BatchStamp.assign(baseOffset: header.baseOffset, leaderEpoch: header.leaderEpoch, in: &batch)
            let append = try store.append(batch.bytes, header, isAwaited: isAwaited)
            if let sealed = append.sealed { state.snapshots.append((sealed, state.producers)) }
            state.appended(header, isTracked: isTracked, marker, visibleEnd: append.visibleEnd)
            if header.attributes.isTransactional {
                state.verifications.end(header.producerID, upTo: origin.permissionsEnd(with: header))
            }
            let range = OffsetRange(first: header.baseOffset, last: header.lastOffset)
            return .appended(range, logStart: state.bounds.logStart)
        }
    }
}

extension PartitionLog.State {
    /// Changes what follows from a batch that stands in the log now.
    mutating func appended(
        _ header: BatchHeader, isTracked: Bool, _ marker: EndTransactionMarker?, visibleEnd: Offset
    ) {
        bounds.logEnd = header.nextOffset
        bounds.highWatermark = max(bounds.highWatermark, visibleEnd)
        if header.leaderEpoch > epochs.latest?.epoch ?? LeaderEpoch(-1) {
            epochs.assign(header.leaderEpoch, from: header.baseOffset)
        }
        if epochs.latest?.start == header.baseOffset { epochsChanged = true }
        // In the same step as the last stable offset, so that no reader sees the one without the other.
        if isTracked, let transaction = producers.apply(header, marker) { aborted.add(transaction) }
        updateStable()
    }
}
