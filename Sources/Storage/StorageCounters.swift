// What a log directory counts about itself, for whoever watches the broker: metrics print it.
internal import Synchronization

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

/// Counts syncs that failed, on any thread.
final class SyncFailures: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .relaxed) }

    /// Does what ends with a sync, and counts its failure.
    func counted(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try body()
        } catch {
            number.add(1, ordering: .relaxed)
            throw error
        }
    }
}

extension LogDirectory {
    /// How the directory is just now.
    package var counters: StorageCounters {
        var counters = StorageCounters()
        let logs = openLogs
        counters.failedSyncs = services.failures.count
        counters.logs = logs.count
        counters.offlineLogs = logs.count { $0.hasFailed }
        counters.isOffline = hasFailed
        return counters
    }
}
