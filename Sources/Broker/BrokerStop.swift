// Stop: no new requests, replies leave, everything is synced, the clean-stop marker comes last. All of that
// within eight seconds, as containers are killed after ten; beyond them the process ends without the marker,
// which is a crash that the next start recovers from.
internal import Base
internal import Network
internal import Storage

extension Broker {
    /// How long a stop may take.
    private static let stopLimit = Duration.seconds(8)
    /// How long the process may take to end after that: containers are killed at ten seconds.
    private static let farewellLimit = Duration.milliseconds(500)
    /// How long replies in flight may take to leave.
    private static let drainLimit = Duration.seconds(5)

    /// Stops the broker; whether the data directory was left clean.
    @discardableResult
    package func stop() -> Bool {
        logger.logSuppressed()
        logger.log(.info, "broker.stopping")
        defer { logger.logSuppressed() }
        let deadline =
            clock.monotonicNanoseconds() + Self.stopLimit.components.seconds * 1_000_000_000
        switch runBounded(within: Self.stopLimit, { self.stopParts(by: deadline) }) {
        case .success(let isDrained):
            logger.log(.info, "broker.stopped", ["drained": "\(isDrained)"])
            return true
        case .failure(let error):
            logger.log(.error, "broker.stopped_unclean", ["error": error.description])
        case nil:
            logger.log(
                .error, "broker.stopped_unclean", ["error": "the stop took longer than \(Self.stopLimit)"])
        }
        return false
    }

    /// Ends everything in order; whether all replies left in time.
    private func stopParts(by deadline: Int64) -> Result<Bool, StorageError> {
        for listener in sockets.listeners { listener.stop() }
        // Members that wait for a round would hold up the stop for minutes; they ask again after it.
        groups.stop()
        sockets.memory.stop()
        let isDrained = (try? sockets.loops.stop(within: Self.drainLimit)) ?? false
        watchdog.stop()
        sockets.pool.stop()
        cleaner.stop()
        upkeep.stop()
        catalog.stop(by: deadline, clock)
        do throws(StorageError) {
            try storage.stop(brokerEpoch: brokerEpoch, by: deadline)
            return .success(isDrained)
        } catch {
            return .failure(error)
        }
    }

    /// Serves until SIGTERM or SIGINT, then stops; the exit status.
    ///
    /// Call `SignalWaiter.prepare` before there is any other thread.
    package func runUntilSignalled() -> Int32 {
        let signal = SignalWaiter.wait()
        // Before anything that may wait, be it for a reader of the log.
        let limit: Result<Void, NetworkError> = Result { () throws(NetworkError) in
            try SignalWaiter.endProcess(after: Self.stopLimit + Self.farewellLimit, status: 1)
        }
        logger.log(.info, "broker.signalled", ["signal": "\(signal)"])
        if case .failure(let error) = limit {
            logger.log(.error, "broker.stop_unlimited", ["error": "\(error)"])
        }
        return stop() ? 0 : 1
    }
}

/// Runs `work` on a thread of its own; its result, or nil if that is not there within `limit`.
///
/// Work that is late goes on unobserved, as a system call that hangs cannot be called off.
func runBounded<Value: Sendable>(
    within limit: Duration, _ work: @escaping @Sendable () -> Value
) -> Value? {
    let value = Lock<Value?>(nil)
    let isDone = Signal()
    startDetachedThread(named: "apus-stop") {
        let result = work()
        value.withLock { $0 = result }
        isDone.raise()
    }
    let parts = limit.components
    isDone.wait(nanoseconds: parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    return value.withLock { $0 }
}
