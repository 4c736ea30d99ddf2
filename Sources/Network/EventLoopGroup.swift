// The loops of one process, and how they stop: listeners first, then reading, then, when all replies have
// left or the time is over, the connections themselves.
package import Base

/// Several loops that share the connections.
package final class EventLoopGroup: Sendable {
    /// The loops; listeners live on the first.
    package let loops: [EventLoop]
    /// By which each of them wakes the watchdog.
    let watchdogWakeUp = WatchdogWakeUp()

    /// A group of `count` loops, at least one.
    package init(count: Int, clock: any BrokerClock = SystemClock()) throws(NetworkError) {
        var loops: [EventLoop] = []
        for index in 0..<max(1, count) {
            loops.append(try EventLoop(index: index, clock: clock, watchdogWakeUp: watchdogWakeUp))
        }
        self.loops = loops
    }

    /// Connections of all loops.
    package var connectionCount: Int { loops.reduce(0) { $0 + $1.connections } }

    /// The loop that has the fewest connections.
    func leastConnected() -> EventLoop {
        var best = loops[0]
        for loop in loops.dropFirst() where loop.connections < best.connections { best = loop }
        return best
    }

    /// Starts a thread for each loop.
    package func start() throws(NetworkError) {
        for loop in loops { try loop.start() }
    }

    /// Returns when every loop has ended what it was at; not to be called on a loop.
    ///
    /// One that stands still is waited for no longer than `limit`.
    package func passTurn(within limit: Duration = .seconds(1)) {
        let passed = loops.map { loop in
            let passed = Signal()
            loop.post { passed.raise() }
            return passed
        }
        for signal in passed { signal.wait(nanoseconds: limit.wholeNanoseconds) }
    }

    /// Stops to accept and to read, lets the replies in flight leave for at most `grace`, closes everything
    /// and ends the threads.
    ///
    /// Waits for all of that; not to be called on a loop. Returns whether every reply left in time.
    @discardableResult
    package func stop(within grace: Duration) throws(NetworkError) -> Bool {
        let empty = try Latch()
        for loop in loops { loop.post { loop.drain { empty.signal() } } }
        let clock = ContinuousClock()
        let deadline = clock.now + grace
        var isClean = true
        for _ in loops where !empty.wait(atMost: max(.zero, deadline - clock.now)) { isClean = false }
        if !isClean {
            let closed = try Latch()
            for loop in loops {
                loop.post {
                    loop.closeAll()
                    loop.post { closed.signal() }
                }
            }
            for _ in loops { _ = closed.wait(atMost: .seconds(1)) }
        }
        for loop in loops { loop.stop() }
        return isClean
    }
}

extension EventLoop {
    /// Ends the listeners, and each connection once its replies have left; then calls `empty`.
    package func drain(_ empty: @escaping @Sendable () -> Void) {
        for source in sources {
            if let listener = source as? Listener { listener.assumeIsolated { $0.close() } }
            if let connection = source as? Connection {
                connection.assumeIsolated { $0.closeAfterReplies(.shutdown) }
            }
        }
        whenEmpty(empty)
        closeSilentPeers()
    }

    /// How often peers are looked at that the drain waits for.
    private static let drainInterval = Duration.milliseconds(200)

    /// Ends the connections whose peers do not take the replies that they are owed.
    private func closeSilentPeers() {
        guard connections > 0 else { return }
        for case let connection as Connection in sources {
            connection.assumeIsolated {
                // It may have been on its way to this loop when the drain began.
                $0.closeAfterReplies(.shutdown)
                $0.closeIfSilent()
            }
        }
        schedule(after: Self.drainInterval) { [weak self] in self?.closeSilentPeers() }
    }

    /// Ends all connections at once.
    package func closeAll() {
        for case let connection as Connection in sources { connection.assumeIsolated { $0.close(.shutdown) } }
    }
}
