// What a log directory counts about itself, for whoever watches the broker: metrics will print it.
internal import Storage

/// How a log directory is.
struct StorageCounters: Equatable, Sendable {
    /// Syncs that the disk failed since the start, of segments, their directories and the journal: each takes
    /// a log, or all of the directory, offline for good.
    var failedSyncs = 0
    /// Logs that are open.
    var logs = 0
    /// Those of them that take no appends any more.
    var offlineLogs = 0
    /// Whether nothing can be written to the directory any more.
    var isOffline = false

    /// A directory that nothing happened to.
    init() {}
}

extension LogDirectory {
    /// How the directory is just now.
    var counters: StorageCounters {
        var counters = StorageCounters()
        let logs = table.openLogs
        counters.failedSyncs = services.failures.count
        counters.logs = logs.count
        counters.offlineLogs = logs.count { $0.hasFailed }
        counters.isOffline = hasFailed
        return counters
    }
}
