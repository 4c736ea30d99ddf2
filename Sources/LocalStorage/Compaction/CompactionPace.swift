// How compaction keeps out of the way of others: it spends no more bytes a second than it may, and stops soon
// after it is told to.
internal import Base
internal import Storage

/// Spreads the reads and writes of compaction over time.
final class CompactionPace: Sendable {
    private let bytesPerSecond: @Sendable () -> Double
    private let clock: any BrokerClock
    private let pause: @Sendable (_ nanoseconds: Int64) -> Void
    private let isStopping: @Sendable () -> Bool
    /// Until when what was spent so far takes, on the monotonic clock.
    private let paidUntil = Lock(Int64.min)

    /// So far ahead of its pace compaction may be, as shorter pauses cost more than they spare.
    private static let slack: Int64 = 20_000_000

    /// A pace of `bytesPerSecond` (`log.cleaner.io.max.bytes.per.second`), which may change; `pause` rests so
    /// long, or until it is to stop.
    init(
        bytesPerSecond: @autoclosure @escaping @Sendable () -> Double, clock: any BrokerClock,
        pause: @escaping @Sendable (_ nanoseconds: Int64) -> Void,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        self.bytesPerSecond = bytesPerSecond
        self.clock = clock
        self.pause = pause
        self.isStopping = isStopping
    }

    /// Rests until `bytes` more may be read or written.
    ///
    /// - Throws: `.closed` naming `path` when compaction is to stop.
    func spend(_ bytes: Int, on path: String) throws(StorageError) {
        if isStopping() { throw .closed(path: path) }
        let cost = Double(bytes) / bytesPerSecond() * 1_000_000_000
        guard cost >= 1 else { return }
        let now = clock.monotonicNanoseconds()
        let ahead = paidUntil.withLock { until in
            until = max(until, now) &+ Int64(min(cost, 1e18))
            return until - now
        }
        guard ahead > Self.slack else { return }
        pause(ahead)
        if isStopping() { throw .closed(path: path) }
    }
}
