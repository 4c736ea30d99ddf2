// A log directory as a broker sees it.
internal import Base
internal import Storage

extension LogDirectory: StoragePlace {
    /// Whether clients' records are refused here for lack of space.
    package var isFull: Bool { reserve.isReached }

    /// Calls `body` at the end of each turn of the flusher that had something to do.
    package func afterWrites(_ body: @escaping @Sendable () -> Void) { flusher.afterTurn(body) }
}
