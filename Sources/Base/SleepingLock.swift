// Mutual exclusion that is held while a thread waits for the disk. Who finds it taken sleeps on a signal, as
// everything does that waits for long; a `Lock` is for moments.

/// A value that only one thread at a time can reach, for as long as that takes.
package final class SleepingLock<State: Sendable>: Sendable {
    private struct Guarded {
        var state: State
        var isTaken = false
        var waiting: [Signal] = []
    }
    private let guarded: Lock<Guarded>

    /// Wraps `state`, unlocked.
    package init(_ state: State) { guarded = Lock(Guarded(state: state)) }

    /// Runs `body` while nobody else does; never on an event loop.
    ///
    /// Not recursive, and who waits longest comes next.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var state = take()
        defer { give(state) }
        return try body(&state)
    }

    private func take() -> State {
        let turn: Signal? = guarded.withLock { guarded in
            guard guarded.isTaken else {
                guarded.isTaken = true
                return nil
            }
            let turn = Signal()
            guarded.waiting.append(turn)
            return turn
        }
        // Whoever raises it has left the lock taken.
        turn?.wait()
        return guarded.withLock { $0.state }
    }

    private func give(_ state: State) {
        let next = guarded.withLock { guarded -> Signal? in
            guarded.state = state
            guard let next = guarded.waiting.first else {
                guarded.isTaken = false
                return nil
            }
            guarded.waiting.removeFirst()
            return next
        }
        next?.raise()
    }
}
