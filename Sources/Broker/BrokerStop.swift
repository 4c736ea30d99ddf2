// Stop: no new requests, replies leave, everything is synced, the clean-stop marker comes last (DESIGN:
// within the ten seconds that containers are given).
internal import Base
internal import Network
internal import Storage

extension Broker {
    /// How long replies in flight may take to leave.
    private static let drainLimit = Duration.seconds(5)

    /// Stops the broker; whether the data directory was left clean.
    @discardableResult
    package func stop() -> Bool {
        logger.log(.info, "broker.stopping")
        for listener in sockets.listeners { listener.stop() }
        let isDrained = (try? sockets.loops.stop(within: Self.drainLimit)) ?? false
        sockets.pool.stop()
        upkeep.stop()
        do throws(StorageError) {
            try storage.stop(brokerEpoch: brokerEpoch)
            logger.log(.info, "broker.stopped", ["drained": "\(isDrained)"])
            return true
        } catch {
            logger.log(.error, "broker.stopped_unclean", ["error": error.description])
            return false
        }
    }

    /// Serves until SIGTERM or SIGINT, then stops; the exit status.
    ///
    /// Call `SignalWaiter.prepare` before there is any other thread.
    package func runUntilSignalled() -> Int32 {
        do throws(NetworkError) {
            let ended = try Latch()
            let loop = sockets.loops.loops[0]
            let waiter = try SignalWaiter(on: loop) { [logger] signal in
                logger.log(.info, "broker.signalled", ["signal": "\(signal)"])
                ended.signal()
            }
            _ = ended.wait()
            withExtendedLifetime(waiter) {}
        } catch {
            logger.log(.error, "broker.signals_failed", ["error": "\(error)"])
        }
        return stop() ? 0 : 1
    }
}
