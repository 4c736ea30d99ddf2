// A clock that stands still until a test moves it.
import Base

/// Time as a test sets it.
package final class SimulatedClock: BrokerClock {
    private let state: Lock<(monotonic: Int64, wall: Int64)>

    /// A clock at `wallMilliseconds` since 1970.
    package init(wallMilliseconds: Int64 = 1_700_000_000_000) {
        state = Lock((monotonic: 0, wall: wallMilliseconds))
    }

    /// Nanoseconds since the clock was made.
    package func monotonicNanoseconds() -> Int64 { state.withLock { $0.monotonic } }

    /// The wall time.
    package func wallTime() -> Timestamp { Timestamp(milliseconds: state.withLock { $0.wall }) }

    /// Moves both clocks forward.
    package func advance(milliseconds: Int64) {
        state.withLock { state in
            state.monotonic += milliseconds * 1_000_000
            state.wall += milliseconds
        }
    }
}
