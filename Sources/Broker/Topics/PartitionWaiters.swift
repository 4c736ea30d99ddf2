// Who waits for the log of a partition to move. The log holds on to this and not to the partition, which
// holds on to the log: a weak reference instead would have every use of the partition count in a piece of
// memory apart from it.
internal import Base
internal import Storage

/// Told once when a log's durable end has reached an offset, or when the log has failed before that.
package protocol DurabilityListener: AnyObject, Sendable {
    /// The wait registered as number `index` is over; `failed` if the records may be lost.
    ///
    /// Called from any thread.
    func durable(_ index: Int, failed: Bool)
}

/// Told whenever readers of a log can see more, or when the log has failed.
package protocol ReadabilityListener: AnyObject, Sendable {
    /// More may be readable.
    ///
    /// Called from any thread, possibly after the listener was removed.
    func readable()
}

/// Appends that wait until they are durable, and readers.
final class PartitionWaiters: LogObserver {
    private struct State {
        var appends: [(end: Offset, listener: any DurabilityListener, index: Int)] = []
        var readers: [any ReadabilityListener] = []
    }
    private let state = Lock(State())

    /// Tells `listener` when everything before `end` of `log` is durable: at once, if it is already.
    func addAppend(
        _ end: Offset, of log: PartitionLog, _ listener: any DurabilityListener, _ index: Int
    ) {
        // The mark is read under the lock: `logAdvanced` takes that lock after it moved, so no wait is
        // missed.
        let verdict: Bool? = state.withLock { state in
            if log.bounds.highWatermark >= end { return false }
            if log.hasFailed { return true }
            state.appends.append((end, listener, index))
            return nil
        }
        if let verdict { listener.durable(index, failed: verdict) }
    }

    func removeAppends(of listener: any DurabilityListener) {
        state.withLock { $0.appends.removeAll { $0.listener === listener } }
    }

    func addReader(_ listener: any ReadabilityListener) { state.withLock { $0.readers.append(listener) } }

    func removeReader(_ listener: any ReadabilityListener) {
        state.withLock { $0.readers.removeAll { $0 === listener } }
    }

    /// How many of each there are.
    var counts: (appends: Int, readers: Int) { state.withLock { ($0.appends.count, $0.readers.count) } }

    /// The durable end moved: acknowledges appends below it and wakes the readers.
    func logAdvanced(_ bounds: LogBounds) {
        let (reached, readers) = state.withLock { state in
            // Appends are registered nearly in the order of their offsets; a linear pass over the few that
            // wait is enough.
            let split = state.appends.partition { $0.end <= bounds.highWatermark }
            let reached = Array(state.appends[split...])
            state.appends.removeSubrange(split...)
            return (reached, state.readers)
        }
        for wait in reached { wait.listener.durable(wait.index, failed: false) }
        for reader in readers { reader.readable() }
    }

    /// The log failed: whoever waits learns that its records may be lost.
    func logFailed(_ error: StorageError) { tellThatNothingComes() }

    /// Nothing moves any more.
    func tellThatNothingComes() {
        let (appends, readers) = state.withLock { state in
            defer { state.appends = [] }
            return (state.appends, state.readers)
        }
        for wait in appends { wait.listener.durable(wait.index, failed: true) }
        for reader in readers { reader.readable() }
    }
}
