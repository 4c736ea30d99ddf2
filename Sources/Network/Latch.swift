// Lets a thread that is no loop wait for something that loops do.
internal import CSystem
import Glibc

/// Counts signals up; waiters take them one by one.
package final class Latch: Sendable {
    private let descriptor: Int32

    /// A latch at zero.
    package init() throws(NetworkError) {
        descriptor = apus_event_create(1, 0)
        guard descriptor >= 0 else { throw .system(call: "eventfd", errno: errno) }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Lets one waiter pass; from any thread.
    package func signal() { _ = apus_event_signal(descriptor) }

    /// Waits for a signal, at most `limit` (nil: for ever); whether it came.
    ///
    /// Not to be called on a loop.
    package func wait(atMost limit: Duration? = nil) -> Bool {
        let clock = ContinuousClock()
        let deadline = limit.map { clock.now + $0 }
        while true {
            let left = deadline.map { max(0, ($0 - clock.now).wholeNanoseconds / 1_000_000 + 1) }
            let ready = apus_event_wait(descriptor, left.map { Int32(clamping: $0) } ?? -1)
            if ready > 0, apus_event_take(descriptor) == 0 { return true }
            if let deadline, clock.now >= deadline { return false }
        }
    }
}
