// What is done for a log directory now and then. All of it follows from something that was
// written: each turn of the flusher requests the jobs, and a job that finds nothing left to do rests.
internal import Base
internal import Storage

/// The recurring jobs of one log directory.
struct DirectoryUpkeep: Sendable {
    /// After an append a segment is looked at within this time; from then on it is known when it comes of
    /// age.
    private static let segmentsInterval = Duration.seconds(60)
    /// While the disk is nearly full, its free space is looked at this often; otherwise after flushes.
    private static let spaceInterval = Duration.seconds(1)

    /// Nothing is deleted by age or size so soon after a start, as Kafka's `log.initial.task.delay.ms`.
    private static let retentionDelay = Duration.seconds(30)

    private let scheduler: UpkeepScheduler
    private let retention: UpkeepID
    private let pendingDeletes: UpkeepID
    /// Requests what an earlier run left to be done, once its logs are open.
    private(set) var resume: @Sendable () -> Void

    /// Adds the jobs to `scheduler`, and has the flusher of `storage` request them.
    init(
        _ storage: LogDirectory, on scheduler: UpkeepScheduler, _ settings: UpkeepSettings,
        clock: any BrokerClock
    ) {
        let checkpointInterval = settings.checkpointInterval
        let expiryInterval = settings.producerExpiryInterval
        let checkpoints = scheduler.add { [weak storage] in
            storage?.writeCheckpointsOrWarn()
            return nil
        }
        let producers = scheduler.add { [weak storage] in
            storage?.expireProducers(at: clock.wallTime()) == true ? expiryInterval : nil
        }
        let segments = scheduler.add { [weak storage] in
            let now = clock.wallTime()
            guard let due = storage?.rollAgedSegments(at: now) else { return nil }
            return .milliseconds(max(1, due.milliseconds - now.milliseconds))
        }
        let space = scheduler.add { [weak storage] in
            storage?.reserve.check() == true ? Self.spaceInterval : nil
        }
        let retentionInterval = settings.retentionInterval
        let pendingDeletes = scheduler.add { [weak storage] in
            let now = clock.monotonicNanoseconds()
            guard let due = storage?.removeDeletedSegments(at: now) else { return nil }
            return .nanoseconds(max(1_000_000, due - now))
        }
        let retention = scheduler.add { [weak storage] in
            let now = clock.wallTime()
            let due = storage?.expireSegments(at: now)
            let monotonic = clock.monotonicNanoseconds()
            if let removal = storage?.removeDeletedSegments(at: monotonic) {
                scheduler.request(pendingDeletes, within: .nanoseconds(removal - monotonic))
            }
            // As coarse as Kafka, so that many logs that come of age one after another cost one wake-up.
            return due.map { max(retentionInterval, .milliseconds($0.milliseconds - now.milliseconds)) }
        }
        storage.flusher.afterTurn { [reserve = storage.reserve] in
            reserve.checkAfterTurn()
            if reserve.isReached { scheduler.request(space, within: Self.spaceInterval) }
            scheduler.request(checkpoints, within: checkpointInterval)
            scheduler.request(producers, within: expiryInterval)
            scheduler.request(segments, within: Self.segmentsInterval)
            scheduler.request(retention, within: retentionInterval)
        }
        if storage.reserve.isReached { scheduler.request(space, within: Self.spaceInterval) }
        self.scheduler = scheduler
        self.retention = retention
        self.pendingDeletes = pendingDeletes
        resume = {
            scheduler.request(producers, within: expiryInterval)
            scheduler.request(segments, within: Self.segmentsInterval)
            scheduler.request(retention, within: min(Self.retentionDelay, retentionInterval))
        }
    }

    /// The same, which requests more of what an earlier run left.
    func resuming(_ more: @escaping @Sendable () -> Void) -> DirectoryUpkeep {
        var copy = self
        copy.resume = { [resume] in
            resume()
            more()
        }
        return copy
    }

    /// Has retention look at all logs now.
    func requestRetention() { scheduler.request(retention, within: .zero) }

    /// Has the files of deleted segments removed that are due.
    func requestRemoval() { scheduler.request(pendingDeletes, within: .zero) }
}
