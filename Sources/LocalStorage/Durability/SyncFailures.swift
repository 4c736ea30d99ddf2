// Syncs that failed, which cannot be made up for by another try.
internal import Storage
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
