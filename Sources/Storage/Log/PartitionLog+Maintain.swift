// What retention means for a log: its start moves to the first segment that is left, and the notes of what
// was deleted go.
package import Base

extension PartitionLog {
    /// Deletes the segments that retention wants deleted at `now`, and those before the start of the log;
    /// when the next one comes of age, nil if none will.
    ///
    /// Waits for the disk.
    package func expire(at now: Timestamp) throws(StorageError) -> Timestamp? {
        let begun = try state.withLock { (state) throws(StorageError) in
            try state.maintain(store, .retention, at: now)
        }
        guard let deletion = begun.deletion else { return begun.due }
        let expiry: Expiry
        do throws(StorageError) {
            expiry = try deletion.run()
        } catch {
            // What it took out of the log readers must not ask for any more, though its files are still
            // there.
            state.withLock { state in
                let start = store.bounds.start
                if start > state.bounds.logStart { state.moveStart(to: start) }
            }
            throw error
        }
        let newest = state.withLock { state in
            if expiry.start > state.bounds.logStart { state.moveStart(to: expiry.start) }
            return state.lastSnapshot
        }
        guard !expiry.removed.isEmpty else { return expiry.due }
        services.logger.logLimited(
            .info, "segments.deleted",
            [
                "partition": "\(partition)", "segments": "\(expiry.removed.count)",
                "start": "\(expiry.start.value)",
            ])
        if let newest {
            for base in expiry.removed where base < newest { try notes.removeSnapshot(at: base) }
        }
        return expiry.due
    }
}

extension PartitionLog.State {
    /// Looks after the bytes; where nothing more is added to what they hold, producers are noted as they are.
    mutating func maintain(
        _ store: any LogStore, _ duty: MaintenanceDuty, at now: Timestamp
    ) throws(StorageError) -> Maintenance {
        let done = try store.maintain(duty, at: now, below: bounds.highWatermark)
        if let sealed = done.sealed { snapshots.append((sealed, producers)) }
        return done
    }

    /// Makes `offset` the first that can be read.
    mutating func moveStart(to offset: Offset) {
        bounds.logStart = offset
        epochs.trim(to: offset)
        aborted.trim(to: offset)
        epochsChanged = true
        updateStable()
    }
}
