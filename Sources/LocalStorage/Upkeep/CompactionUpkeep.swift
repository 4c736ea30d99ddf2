// Compaction follows from what was written, as all upkeep does: a turn of the flusher has the logs looked at
// `log.cleaner.backoff.ms` later, and when nothing is left to do the thread sleeps.
internal import Base
internal import Storage

/// Compacts the logs of one log directory.
enum CompactionUpkeep {
    /// Adds the job to `scheduler`, and has the flusher of `storage` request it; `settings` are asked for
    /// whenever they count, and `filesWait` is called when files wait to be removed.
    ///
    /// What it returns requests the job for what an earlier run left.
    static func begin(
        _ storage: LogDirectory, on scheduler: UpkeepScheduler,
        _ settings: @escaping @Sendable () -> CompactionSettings,
        clock: any BrokerClock, filesWait: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        let pace = CompactionPace(
            bytesPerSecond: max(1, settings().bytesPerSecond), clock: clock,
            pause: { [weak scheduler] in scheduler?.rest(nanoseconds: $0) },
            isStopping: { [weak scheduler] in scheduler?.isStopping ?? true })
        let job = scheduler.add { [weak storage] in
            while let storage {
                let (now, settings) = (clock.wallTime(), settings())
                switch storage.compactNext(at: now, settings, pace) {
                case .compacted: filesWait()
                case .idle(let due):
                    return due.map {
                        max(settings.backoff, .milliseconds($0.milliseconds - now.milliseconds))
                    }
                }
            }
            return nil
        }
        storage.flusher.afterTurn { scheduler.request(job, within: settings().backoff) }
        return { scheduler.request(job, within: settings().backoff) }
    }
}
