// What is done for all open logs now and then, whether or not anything is appended to them. Whoever calls it
// decides when; no thread here does.
package import Base
package import Storage

extension LogDirectory {
    /// The open logs, in no order.
    package var openLogs: [PartitionLog] { state.withLock { $0.logs.values.map(\.log) } }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`; whether any are remembered.
    @discardableResult
    package func expireProducers(at now: Timestamp) -> Bool {
        var isAnyLeft = false
        for log in openLogs {
            log.expireProducers(at: now)
            if log.producerCount > 0 { isAnyLeft = true }
        }
        return isAnyLeft
    }

    /// Closes active segments that are older than `segment.ms` although nothing is appended to them; when the
    /// next one comes of age, nil if none will.
    package func rollAgedSegments(at now: Timestamp) -> Timestamp? {
        // What cannot be written to need not grow by an empty file.
        if reserve.isHeld { return retry(after: now) }
        return earliest(at: now, orWarn: "segment.roll.failed") { (log) throws(StorageError) in
            try log.rollIfAged(at: now)
        }
    }

    /// Deletes segments that are too old, too many, or before the start of their log; when the next one comes
    /// of age, nil if none will.
    package func expireSegments(at now: Timestamp) -> Timestamp? {
        earliest(at: now, orWarn: "segment.delete.failed") { (log) throws(StorageError) in
            try log.expire(at: now)
        }
    }

    /// Does `body` for every open log of records; the earliest time at which one wants it again.
    ///
    /// One that fails is named in the log as `event`, and wants it again in a minute.
    private func earliest(
        at now: Timestamp, orWarn event: StaticString,
        _ body: (PartitionLog) throws(StorageError) -> Timestamp?
    ) -> Timestamp? {
        var next: Timestamp?
        for log in openLogs where log.kind == .data {
            do throws(StorageError) {
                guard let due = try body(log) else { continue }
                next = min(next ?? due, due)
            } catch {
                services.logger.logLimited(
                    .warning, event, ["partition": "\(log.partition)", "reason": error.description])
                next = min(next ?? retry(after: now), retry(after: now))
            }
        }
        return next
    }

    private func retry(after now: Timestamp) -> Timestamp {
        Timestamp(milliseconds: now.milliseconds + 60_000)
    }

    /// Removes the files of segments that were deleted `file.delete.delay.ms` ago; when the next ones are due
    /// on the monotonic clock, nil if there are none.
    package func removeDeletedSegments(at now: Int64) -> Int64? {
        services.graveyard.sweep(at: now, services.disk, services.logger)
    }

    /// Writes the checkpoints; a failure is logged, as the next time may go better.
    package func writeCheckpointsOrWarn() {
        // Recovery points do not reach into what stands in the journal alone.
        services.journal?.syncSegments()
        do throws(StorageError) {
            try writeCheckpoints()
        } catch {
            services.logger.logLimited(
                .warning, "checkpoint.failed", ["directory": path, "reason": error.description])
        }
    }

    /// Whether nothing can be written here until the next start.
    package var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Takes all partitions offline: the journal that they rely on cannot be written.
    func fail(_ error: StorageError) {
        state.withLock { $0.failure = $0.failure ?? error }
        services.logger.log(.error, "directory.offline", ["path": path, "reason": error.description])
        for open in state.withLock({ Array($0.logs.values) }) { open.store.goOffline(error) }
    }
}
