// Compaction follows from what was written, as all upkeep does: a turn of the flusher has the logs looked at
// `log.cleaner.backoff.ms` later, and when nothing is left to do the thread sleeps.
internal import Base
internal import Storage

/// Compacts the logs of one data directory.
enum CompactionUpkeep {
    /// Where clients leave no processor idle, compaction gets about a tenth of one.
    static let niceness: Int32 = 10

    /// Adds the job to `scheduler`, and has the flusher of `storage` request it; `buried` is called when
    /// files wait to be removed.
    ///
    /// What it returns requests the job for what an earlier run left.
    static func begin(
        _ storage: LogDirectory, on scheduler: UpkeepScheduler, _ settings: BrokerSettings,
        clock: any BrokerClock, buried: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        guard settings.cleanerEnabled, settings.cleanerThreads > 0 else { return {} }
        let backoff = Duration.milliseconds(settings.cleanerBackoffMilliseconds)
        var limits = CompactionLimits()
        limits.mapBytes = Int(clamping: settings.cleanerMapBytes)
        limits.mapLoad = max(0.01, settings.cleanerMapLoad)
        let pace = CompactionPace(
            bytesPerSecond: max(1, settings.cleanerBytesPerSecond), clock: clock,
            pause: { [weak scheduler] in scheduler?.rest(nanoseconds: $0) },
            isStopping: { [weak scheduler] in scheduler?.isStopping ?? true })
        let job = scheduler.add { [weak storage, limits] in
            while let storage {
                let now = clock.wallTime()
                switch storage.compactNext(at: now, limits, pace) {
                case .compacted: buried()
                case .idle(let due):
                    return due.map { max(backoff, .milliseconds($0.milliseconds - now.milliseconds)) }
                }
            }
            return nil
        }
        storage.flusher.afterTurn { scheduler.request(job, within: backoff) }
        return { scheduler.request(job, within: backoff) }
    }
}
