// How a log directory is, for whoever watches the broker.
package import Storage
internal import Synchronization

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
