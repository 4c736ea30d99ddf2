// Time is an argument: whatever needs the time is handed a clock, and tests hand in one that they move
// themselves.
import Glibc

/// Tells the time.
package protocol BrokerClock: Sendable {
    /// Nanoseconds on a clock that never goes back and has no meaning beyond this process.
    func monotonicNanoseconds() -> Int64
    /// The wall clock, for record timestamps and retention.
    func wallTime() -> Timestamp
}

/// The machine's own clocks.
package struct SystemClock: BrokerClock {
    /// The one system clock.
    package init() {}

    /// CLOCK_MONOTONIC in nanoseconds.
    package func monotonicNanoseconds() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }

    /// CLOCK_REALTIME in milliseconds.
    package func wallTime() -> Timestamp {
        Timestamp(milliseconds: nanoseconds(of: CLOCK_REALTIME) / 1_000_000)
    }

    private func nanoseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
