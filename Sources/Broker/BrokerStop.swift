// Stop: no new requests, replies leave, everything is synced, the clean-stop marker comes last. All of that
// within eight seconds, as containers are killed after ten; beyond them the process ends without the marker,
// which is a crash that the next start recovers from.
package import Base
package import Network
internal import Storage

extension Broker {
    /// How long a stop may take.
    private static let stopLimit = Duration.seconds(8)
    /// How long the process may take to end after that: containers are killed at ten seconds.
    private static let farewellLimit = Duration.milliseconds(500)
    /// How long replies in flight may take to leave.
    private static let drainLimit = Duration.seconds(5)

    /// Stops the broker; whether the data directory was left clean.
    ///
    /// The time that a stop may take counts from when it was asked for, on the monotonic clock; a start may
    /// have been under way then.
    @discardableResult
    package func stop(askedAt asked: Int64? = nil) -> Bool {
        logger.logSuppressed()
        logger.log(.info, "broker.stopping")
        defer { logger.logSuppressed() }
        let now = clock.monotonicNanoseconds()
        let deadline = (asked ?? now) + Self.stopLimit.wholeNanoseconds
        switch runBounded(within: .nanoseconds(deadline - now), { self.stopParts(by: deadline) }) {
        case .success(let isDrained):
            logger.log(.info, "broker.stopped", ["drained": "\(isDrained)"])
            return true
        case .failure(let error):
            logger.log(.error, "clean_stop.failed", ["error": error.description])
        case nil:
            logger.log(
                .error, "clean_stop.failed", ["error": "the stop took longer than \(Self.stopLimit)"])
        }
        return false
    }

    /// Ends everything in order; whether all replies left in time.
    private func stopParts(by deadline: Int64) -> Result<Bool, StorageError> {
        for listener in sockets.listeners { listener.stop() }
        // Members that wait for a round would hold up the stop for minutes; they ask again after it.
        groups.stop()
        transactions.stop()
        sockets.memory.stop()
        let isDrained = (try? sockets.loops.stop(within: Self.drainLimit)) ?? false
        watchdog.stop()
        sockets.pool.stop()
        return stopKeeping(by: deadline).map { isDrained }
    }

    /// Ends what is behind the sockets.
    func stopKeeping(by deadline: Int64) -> Result<Void, StorageError> {
        cleaner.stop()
        upkeep.stop()
        moves.stop()
        catalog.stop(by: deadline, clock)
        do throws(StorageError) {
            if catalog.owesEpochs { storage.leaveToRecovery() }
            try storage.stop(brokerEpoch: catalog.metadata.brokerEpoch, by: deadline)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// What the process can be asked to end by, also while the broker starts: it does so in time, or it is
    /// ended.
    ///
    /// Call `SignalWaiter.prepare` before there is any other thread.
    package static func stopRequest(logger: Logger) throws(NetworkError) -> StopRequest {
        try StopRequest(limit: stopLimit + farewellLimit, status: 1, clock: SystemClock()) { signal in
            logger.log(.info, "broker.signalled", ["signal": "\(signal)"])
        }
    }

    /// Serves until the process is asked to end, then stops; the exit status.
    package func runUntilSignalled(_ request: StopRequest) -> Int32 {
        stop(askedAt: request.wait().nanoseconds) ? 0 : 1
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
    isDone.wait(nanoseconds: limit.wholeNanoseconds)
    return value.withLock { $0 }
}
