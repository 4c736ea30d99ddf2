// Leadership and the notes that a log keeps beside its bytes.
package import Base
internal import Records

extension PartitionLog {
    /// Leads in `epoch` from the end of the log on; all appends are stamped with it.
    ///
    /// - Throws: `.staleLeaderEpoch` if the log has seen a later one.
    package func becomeLeader(epoch: LeaderEpoch) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            let known = max(state.bounds.leaderEpoch, state.epochs.latest?.epoch ?? LeaderEpoch(-1))
            guard epoch >= known else { throw .staleLeaderEpoch(current: known, found: epoch) }
            state.bounds.leaderEpoch = epoch
            guard epoch > state.epochs.latest?.epoch ?? LeaderEpoch(-1) else { return }
            // Written down with its first record; until then nobody could have seen it.
            state.epochs.assign(epoch, from: state.bounds.logEnd)
        }
    }

    /// Where `epoch`, or else the greatest one before it, ended (KIP-279); nil if nothing is known of it.
    ///
    /// With epochs 3 from offset 0 and 7 from offset 120, the answer for 5 is `(3, 120)`.
    package func endOffset(forEpoch epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? {
        state.withLock { $0.epochs.end(of: epoch, logEnd: $0.bounds.logEnd) }
    }

    /// The epoch in which the record at `offset` was appended; nil if nothing is known of it.
    package func epoch(of offset: Offset) -> LeaderEpoch? { state.withLock { $0.epochs.epoch(of: offset) } }

    /// The greatest epoch in which the log was led or has records; 0 for a new one.
    package var latestEpoch: LeaderEpoch {
        state.withLock { max($0.bounds.leaderEpoch, $0.epochs.latest?.epoch ?? .zero) }
    }

    /// The epochs that the log has records of, or was led in since it was opened.
    package var leaderEpochs: LeaderEpochs { state.withLock { $0.epochs } }

    /// Makes `offset` the first one that can be read (DeleteRecords, KIP-107); it may not lie beyond the high
    /// watermark.
    ///
    /// A lower one than the present start changes nothing. It is durable with the next checkpoints; `expire`
    /// frees the space.
    package func trim(to offset: Offset) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            guard offset <= state.bounds.highWatermark else {
                throw .offsetOutOfRange(
                    requested: offset, start: state.bounds.logStart, end: state.bounds.highWatermark)
            }
            guard offset > state.bounds.logStart else { return }
            store.trim(to: offset)
            state.moveStart(to: offset)
        }
    }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`.
    ///
    /// - Complexity: O(producers), under the lock of the log.
    package func expireProducers(at now: Timestamp) {
        state.withLock { state in
            let expiry = state.config.producerExpiry
            state.producers.expire(at: now, after: expiry)
            state.verifications.expire()
        }
    }

    /// Closes the active segment if it is older than `segment.ms`; when it will be, nil if it is empty.
    package func rollIfAged(at now: Timestamp) throws(StorageError) -> Timestamp? {
        try state.withLock { (state) throws(StorageError) in
            try state.maintain(store, .age, at: now).due
        }
    }

    /// How many producers the log remembers.
    package var producerCount: Int { state.withLock { $0.producers.entries.count } }

    /// Ends appends and reads, as a crash would: nothing is made durable, or written beside the log.
    package func close() {
        notes.close()
        store.close()
    }

    /// Writes nothing beside the log any more when it returns.
    package func closeNotes() { notes.close() }
}

extension PartitionLog: LogStoreEvents {
    /// Moves the high watermark.
    package func storeAdvanced(_ bounds: StoreBounds) {
        let (observer, reached) = state.withLock { state -> ((any LogObserver)?, LogBounds) in
            state.bounds.highWatermark = max(
                state.bounds.highWatermark, min(bounds.durableEnd, state.bounds.logEnd))
            state.updateStable()
            let isNews =
                state.announced.highWatermark != state.bounds.highWatermark
                || state.announced.lastStable != state.bounds.lastStable
            guard isNews else { return (nil, state.bounds) }
            state.announced = (state.bounds.highWatermark, state.bounds.lastStable)
            return (state.observer, state.bounds)
        }
        observer?.logAdvanced(reached)
    }

    /// Passes the failure on.
    package func storeFailed(_ error: StorageError) {
        let observer = state.withLock { state -> (any LogObserver)? in
            defer { state.hasFailed = true }
            return state.hasFailed ? nil : state.observer
        }
        observer?.logFailed(error)
    }

    /// Has what has become due beside the log written, on another thread.
    package func storeSettled(_ syncedEnd: Offset) {
        if state.withLock({ $0.mustNote(below: syncedEnd) }) { services.notes.add(self) }
    }
}
