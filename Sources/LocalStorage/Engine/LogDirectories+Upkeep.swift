// The upkeep of all log directories: each has jobs of its own, as each is a disk of its own.
package import Base
package import Storage

extension LogDirectories {
    /// Adds the jobs of all directories.
    package func beginUpkeep(
        _ settings: UpkeepSettings, on upkeep: UpkeepScheduler, compaction: UpkeepScheduler
    ) {
        if let settings = settings.compaction { update(settings) }
        let begun = all.map { directory in
            let jobs = DirectoryUpkeep(directory, on: upkeep, settings, clock: directory.services.clock)
            guard settings.compaction != nil else { return jobs }
            let compact = CompactionUpkeep.begin(
                directory, on: compaction,
                { [weak self] in self?.compaction.withLock { $0 } ?? CompactionSettings() },
                clock: directory.services.clock, filesWait: jobs.requestRemoval)
            return jobs.resuming(compact)
        }
        self.upkeep.withLock { $0 = begun }
    }

    /// Compacts so from now on.
    package func update(_ compaction: CompactionSettings) { self.compaction.withLock { $0 = compaction } }

    /// Requests what an earlier run left to be done.
    package func resumeUpkeep() { for jobs in upkeep.withLock({ $0 }) { jobs.resume() } }

    /// Has retention look at all logs now.
    package func requestRetention() { for jobs in upkeep.withLock({ $0 }) { jobs.requestRetention() } }
}
