// What a log directory counts about itself, for whoever watches the broker: metrics will print it.
internal import Storage

/// How a log directory is.
package struct StorageCounters: Equatable, Sendable {
    /// Syncs that the disk failed since the start, of segments, their directories and the journal: each takes
    /// a log, or all of the directory, offline for good.
    package var failedSyncs = 0
    /// Logs that are open.
    package var logs = 0
    /// Those of them that take no appends any more.
    package var offlineLogs = 0
    /// Whether nothing can be written to the directory any more.
    package var isOffline = false

    /// A directory that nothing happened to.
    package init() {}
}

extension LogDirectory {
    /// How the directory is just now.
    package var counters: StorageCounters {
        var counters = StorageCounters()
        let logs = table.openLogs
        counters.failedSyncs = services.failures.count
        counters.logs = logs.count
        counters.offlineLogs = logs.count { $0.hasFailed }
        counters.isOffline = hasFailed
        return counters
    }
}
