// One number for all the memory that peers make the broker hold: unfinished frames, requests waiting, replies
// waiting. Connections settle with it at the end of a turn, so a request that is answered within its turn
// costs nothing here.
internal import Base
import Synchronization

/// Request and reply bytes held over all connections, and who waits for them to become fewer.
package final class MemoryBudget: Sendable {
    /// Above so many bytes connections stop reading.
    package let limitBytes: Int
    private let used = Atomic<Int>(0)
    private let hasWaiters = Atomic<Bool>(false)
    /// The connection that may go on although the budget is exhausted, or 0.
    private let passHolder = Atomic<UInt64>(0)
    private let waiters = Lock<[@Sendable () -> Void]>([])

    /// A budget of `limitBytes`.
    package init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// The bytes held now.
    package var usedBytes: Int { used.load(ordering: .relaxed) }
    /// Whether connections have to stop reading.
    package var isExhausted: Bool { usedBytes >= limitBytes }

    /// Adds `bytes`, or gives them back when negative; whoever waits is called once the budget has room
    /// again.
    package func adjust(by bytes: Int) {
        let now = used.wrappingAdd(bytes, ordering: .sequentiallyConsistent).newValue
        if bytes < 0, now < limitBytes, hasWaiters.load(ordering: .sequentiallyConsistent) { callWaiters() }
    }

    /// Calls `waiter` once, on any thread, as soon as the budget has room, which may be at once.
    package func whenAvailable(_ waiter: @escaping @Sendable () -> Void) {
        waiters.withLock { waiting in
            waiting.append(waiter)
            hasWaiters.store(true, ordering: .sequentiallyConsistent)
        }
        // Room may have come between the caller's look and the lines above; then nobody else would call.
        if used.load(ordering: .sequentiallyConsistent) < limitBytes { callWaiters() }
    }

    /// Lets one connection finish its frame although the budget is exhausted: if unfinished frames are all
    /// that fills it, nothing else would ever make room.
    func takePass(_ connection: UInt64) -> Bool {
        passHolder.compareExchange(expected: 0, desired: connection, ordering: .sequentiallyConsistent)
            .exchanged
    }

    /// Gives the pass back, for the next that needs it.
    func returnPass() {
        passHolder.store(0, ordering: .sequentiallyConsistent)
        callWaiters()
    }

    private func callWaiters() {
        let waiting = waiters.withLock { waiting in
            hasWaiters.store(false, ordering: .sequentiallyConsistent)
            defer { waiting = [] }
            return waiting
        }
        for waiter in waiting { waiter() }
    }
}
