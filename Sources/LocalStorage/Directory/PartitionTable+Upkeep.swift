// What is done for all open logs now and then, whether or not anything is appended to them. Whoever calls it
// decides when; no thread here does.
internal import Base
internal import Storage

extension PartitionTable {
    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`; whether any are remembered.
    func expireProducers(at now: Timestamp) -> Bool {
        var isAnyLeft = false
        for log in openLogs {
            log.expireProducers(at: now)
            if log.producerCount > 0 { isAnyLeft = true }
        }
        return isAnyLeft
    }

    /// Closes active segments that are older than `segment.ms` although nothing is appended to them; when the
    /// next one comes of age, nil if none will.
    func rollAgedSegments(at now: Timestamp) -> Timestamp? {
        // What cannot be written to need not grow by an empty file.
        if services.reserve.isHeld { return retry(after: now) }
        return earliest(at: now, orWarn: "segment_roll.failed") { (log) throws(StorageError) in
            try log.rollIfAged(at: now)
        }
    }

    /// Deletes segments that are too old, too many, or before the start of their log; when the next one comes
    /// of age, nil if none will.
    func expireSegments(at now: Timestamp) -> Timestamp? {
        earliest(at: now, orWarn: "segment_deletion.failed") { (log) throws(StorageError) in
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
}
