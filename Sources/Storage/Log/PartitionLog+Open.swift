// Opening a log: the store recovers its bytes, then producers and epochs are taken from the notes and from
// what the log holds behind them.
internal import Base
internal import Records

extension PartitionLog {
    /// Producers and epochs as a log's notes and batches give them.
    struct Rebuilt: Sendable {
        var producers = ProducerState()
        var aborted = TransactionIndex()
        var epochs = LeaderEpochs()
        var lastSnapshot: Offset?
        var epochsChanged = false
        /// The greatest epoch that was ever begun, though all its records may be lost.
        var latestEpoch = LeaderEpoch.zero
    }

    /// A log over `store`, which was opened just now.
    ///
    /// Waits for the engine.
    package static func open(
        _ identity: LogIdentity, store: any LogStore, notes: any LogNotes, services: LogServices,
        config: SharedLogConfig
    ) throws(StorageError) -> PartitionLog {
        let path = identity.partition.description
        var rebuilt = try rebuild(store, notes, identity.kind, path: path, services.logger)
        rebuilt.producers.expire(at: services.clock.wallTime(), after: config.value.producerExpiry)
        let reached = store.bounds
        let bounds = LogBounds(
            logStart: reached.start, logEnd: reached.end, highWatermark: reached.durableEnd,
            lastStable: reached.durableEnd,
            leaderEpoch: rebuilt.latestEpoch)
        var state = State(
            shared: config, bounds: bounds, epochs: rebuilt.epochs, producers: rebuilt.producers,
            aborted: rebuilt.aborted, announced: (bounds.highWatermark, bounds.lastStable))
        state.lastSnapshot = rebuilt.lastSnapshot
        state.epochsChanged = rebuilt.epochsChanged
        state.updateStable()
        let log = PartitionLog(identity, store: store, notes: notes, services: services, state: state)
        // The store may have got further before it knew whom to tell.
        log.storeAdvanced(store.bounds)
        return log
    }

    /// Takes producers and epochs from the newest notes that are intact, and from the batches behind them.
    static func rebuild(
        _ store: any LogStore, _ notes: any LogNotes, _ kind: LogKind, path: String, _ logger: Logger
    ) throws(StorageError) -> Rebuilt {
        var rebuilt = Rebuilt()
        let bounds = store.bounds
        // A walk from the end visits nothing: then everything is in the notes.
        var from = bounds.end
        if kind == .data { from = try restoreProducers(&rebuilt, bounds, notes) }
        // A file that begins behind the start tells of a trim that a crash took back: of what lies before it
        // says nothing.
        let known = try notes.leaderEpochs().flatMap { noted in
            let isCutTooFar = kind == .data && noted.entries.first?.start ?? .zero > bounds.start
            return isCutTooFar || noted.latest?.start ?? .zero > bounds.end ? nil : noted
        }
        if var epochs = known {
            rebuilt.latestEpoch = epochs.latest?.epoch ?? .zero
            let noted = epochs
            epochs.truncate(to: bounds.end)
            rebuilt.epochsChanged = epochs != noted
            rebuilt.epochs = epochs
            if kind == .metadata { from = max(bounds.start, epochs.latest?.start ?? bounds.start) }
        } else if bounds.start < bounds.end {
            logger.log(.info, "leader_epochs.rebuilt", ["partition": path])
            from = min(from, bounds.start)
        }
        let snapshotEnd = rebuilt.lastSnapshot ?? bounds.oldest
        var aborted: [AbortedTransaction] = []
        try store.walk(from: from) { (header) throws(StorageError) in
            if header.leaderEpoch > rebuilt.epochs.latest?.epoch ?? LeaderEpoch(-1) {
                rebuilt.epochs.assign(header.leaderEpoch, from: header.baseOffset)
                rebuilt.epochsChanged = true
            }
            if kind == .data, header.baseOffset >= snapshotEnd {
                let marker = try marker(header, in: store)
                if let transaction = rebuilt.producers.apply(header, marker) { aborted.append(transaction) }
            }
            return true
        }
        let untrimmed = rebuilt.epochs
        rebuilt.epochs.trim(to: bounds.start)
        // A clean stop leaves the file cut where the log starts.
        if rebuilt.epochs != untrimmed { rebuilt.epochsChanged = true }
        if kind == .data {
            let search = AbortedSearch(store: store, notes: notes, path: path, logger: logger)
            rebuilt.aborted = try search.index(
                walked: aborted, from: snapshotEnd, isTransactional: rebuilt.producers.hasTransactions)
        }
        rebuilt.latestEpoch = max(rebuilt.latestEpoch, rebuilt.epochs.latest?.epoch ?? .zero)
        return rebuilt
    }

    /// Loads the newest intact snapshot, and drops those that lie outside of the log.
    ///
    /// Returns where the walk has to begin: also before the start of the log, as its producers may have
    /// written nothing since.
    private static func restoreProducers(
        _ rebuilt: inout Rebuilt, _ bounds: StoreBounds, _ notes: any LogNotes
    ) throws(StorageError) -> Offset {
        for offset in try notes.snapshotOffsets().reversed() {
            // Of what followed an older one, retention took a part: its sequence numbers would have gaps.
            guard offset <= bounds.end, offset >= bounds.oldest else {
                try notes.removeSnapshot(at: offset)
                continue
            }
            if let bytes = try notes.snapshot(at: offset),
                let producers = ProducerSnapshot.producers(in: bytes)
            {
                rebuilt.producers = producers
                rebuilt.lastSnapshot = offset
                return offset
            }
            try notes.removeSnapshot(at: offset)
        }
        return bounds.oldest
    }
}
