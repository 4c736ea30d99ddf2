// The upkeep of all log directories: each has jobs of its own, as each is a disk of its own.
package import Base
package import Storage

extension LogDirectories {
    /// Adds the jobs of all directories.
    package func beginUpkeep(
        _ settings: UpkeepSettings, on upkeep: UpkeepScheduler, compaction: UpkeepScheduler
    ) {
        let begun = all.map { directory in
            let jobs = DirectoryUpkeep(directory, on: upkeep, settings, clock: directory.services.clock)
            guard let compacts = settings.compaction else { return jobs }
            let compact = CompactionUpkeep.begin(
                directory, on: compaction, compacts, clock: directory.services.clock,
                buried: jobs.requestRemoval)
            return jobs.resuming(compact)
        }
        self.upkeep.withLock { $0 = begun }
    }

    /// Requests what an earlier run left to be done.
    package func resumeUpkeep() { for jobs in upkeep.withLock({ $0 }) { jobs.resume() } }

    /// Has retention look at all logs now.
    package func requestRetention() { for jobs in upkeep.withLock({ $0 }) { jobs.requestRetention() } }
}
