// What the engine asks of each of its directories: whose it is, how it is, and what is to be done now and
// then. Whoever calls decides when; no thread here does.
internal import Base
internal import Storage

extension LogDirectory {
    /// Whose directory it is.
    var properties: MetaProperties { identity.properties }
    /// The cluster that the directory belongs to.
    var clusterID: Name { properties.clusterID }
    /// Whether the last stop was clean, and the broker epoch that it left; nil after a crash, and for a new
    /// directory.
    var cleanStop: CleanStop? { identity.cleanStop }
    /// Whether this call made the directory.
    var isNew: Bool { identity.isNew }
    /// Whether an earlier run ended without a clean stop.
    var isAfterCrash: Bool { identity.isAfterCrash }

    /// Whether producers should pause: more is written and not synced than the budget allows.
    var isOverBudget: Bool { flusher.isOverBudget }

    /// Calls `body` once the unsynced bytes are within the budget: at once, or on the flusher's thread.
    func whenBelowBudget(_ body: @escaping @Sendable () -> Void) { flusher.whenBelowBudget(body) }

    /// The space that is kept free for the broker itself.
    var reserve: DiskReserve { services.reserve }

    /// Writes down the id of a directory that Kafka left without one.
    func identify() throws(StorageError) { try identity.identify() }

    /// Whether the last stop vouched for a partition's files.
    func isVouchedFor(_ partition: TopicPartition) -> Bool { opening.isVouchedFor(partition) }

    /// Leaves the marker of this run's stop out.
    func leaveToRecovery() { opening.doubt() }

    /// All partitions were opened that ever will be: ends what a start after a crash began.
    ///
    /// Once everything that it found is synced, checkpoints spare the next one the work.
    func finishOpening() {
        if opening.finish(), isAfterCrash { writeCheckpointsOrWarn() }
    }

    /// The partition directories on the disk, open or not.
    ///
    /// Those that are being deleted are left out, and everything that is not named like a partition.
    func partitions() throws(StorageError) -> [FoundPartition] {
        var found: [FoundPartition] = []
        for partition in try partitionNames() { found.append(try look(at: partition)) }
        return found.sorted { $0.path < $1.path }
    }

    /// Writes recovery points, high watermarks and log starts.
    ///
    /// Called every minute while something is written, as Kafka does, and also whenever a segment was closed,
    /// so that a start after a crash scans little more than the active segments; who moves a log start calls
    /// it himself.
    func writeCheckpoints() throws(StorageError) { try table.writeCheckpoints() }

    /// Writes the checkpoints; a failure is logged, as the next time may go better.
    func writeCheckpointsOrWarn() { table.writeCheckpointsOrWarn() }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`; whether any are remembered.
    @discardableResult
    func expireProducers(at now: Timestamp) -> Bool { table.expireProducers(at: now) }

    /// Closes active segments that are of age; when the next one will be, nil if none will.
    func rollAgedSegments(at now: Timestamp) -> Timestamp? { table.rollAgedSegments(at: now) }

    /// Deletes segments that are not to be kept; when the next one comes of age, nil if none will.
    func expireSegments(at now: Timestamp) -> Timestamp? { table.expireSegments(at: now) }

    /// Removes the files of segments that were deleted `file.delete.delay.ms` ago; when the next ones are due
    /// on the monotonic clock, nil if there are none.
    func removeDeletedSegments(at now: Int64) -> Int64? {
        services.pendingDeletes.sweep(at: now, services.disk, services.logger)
    }

    /// Compacts the log that needs it most, if one does; see `DirectoryCompaction`.
    func compactNext(
        at now: Timestamp, _ limits: CompactionSettings, _ pace: CompactionPace
    ) -> CompactionStep {
        DirectoryCompaction(table: table).next(at: now, limits, pace)
    }
}
