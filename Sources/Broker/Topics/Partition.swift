// One partition as the broker sees it: its log, and who waits for the log to move.
package import Base
package import Storage

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

/// A partition of a topic.
package final class Partition: Sendable {
    /// Topic name and number.
    package let id: TopicPartition
    /// Its log; nil if the log could not be opened, and then every request for it is answered with a storage
    /// error.
    package let log: PartitionLog?

    private struct Waiting {
        var appends: [(end: Offset, listener: any DurabilityListener, index: Int)] = []
        var readers: [any ReadabilityListener] = []
    }
    private let waiting = Lock(Waiting())

    /// A partition over `log`, whose observer it becomes.
    package init(id: TopicPartition, log: PartitionLog?) {
        self.id = id
        self.log = log
        log?.setObserver(self)
    }

    /// Tells `listener` when everything before `end` is durable: at once, if it is already.
    package func whenDurable(_ end: Offset, tell listener: any DurabilityListener, index: Int) {
        guard let log else { return listener.durable(index, failed: true) }
        // The mark is read under the lock: `logAdvanced` takes that lock after it moved, so no wait is
        // missed.
        let verdict: Bool? = waiting.withLock { waiting in
            if log.bounds.highWatermark >= end { return false }
            if log.hasFailed { return true }
            waiting.appends.append((end, listener, index))
            return nil
        }
        if let verdict { listener.durable(index, failed: verdict) }
    }

    /// Ends the waits of `listener`, which hears of none of them any more.
    package func removeAppends(of listener: any DurabilityListener) {
        waiting.withLock { $0.appends.removeAll { $0.listener === listener } }
    }

    /// Tells `listener` of every move of the log from now on.
    package func addReader(_ listener: any ReadabilityListener) {
        waiting.withLock { $0.readers.append(listener) }
    }

    /// Ends what `addReader` began.
    package func removeReader(_ listener: any ReadabilityListener) {
        waiting.withLock { $0.readers.removeAll { $0 === listener } }
    }

    /// How many reads wait on this partition.
    package var waitingReaders: Int { waiting.withLock { $0.readers.count } }
    /// How many waits for durability there are.
    package var waitingAppends: Int { waiting.withLock { $0.appends.count } }
}

extension Partition: LogObserver {
    /// The durable end moved: acknowledges appends below it and wakes the readers.
    package func logAdvanced(_ bounds: LogBounds) {
        let (reached, readers) = waiting.withLock { waiting in
            // Appends are registered nearly in the order of their offsets; a linear pass over the few that
            // wait is enough.
            let split = waiting.appends.partition { $0.end <= bounds.highWatermark }
            let reached = Array(waiting.appends[split...])
            waiting.appends.removeSubrange(split...)
            return (reached, waiting.readers)
        }
        for wait in reached { wait.listener.durable(wait.index, failed: false) }
        for reader in readers { reader.readable() }
    }

    /// The log failed: whoever waits learns that its records may be lost.
    package func logFailed(_ error: StorageError) {
        let (appends, readers) = waiting.withLock { waiting in
            defer { waiting.appends = [] }
            return (waiting.appends, waiting.readers)
        }
        for wait in appends { wait.listener.durable(wait.index, failed: true) }
        for reader in readers { reader.readable() }
    }
}
