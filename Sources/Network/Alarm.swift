// The timer that ends a loop's sleep. A wait with a time limit makes the kernel set a timer up and take it
// back each time; this one stays as it is while timers behind the next one come and go, and while the next
// one is cancelled it rings once for nothing.
internal import CSystem
import Glibc

/// A timer of the kernel among the descriptors that a loop watches.
struct Alarm: ~Copyable {
    /// Readable when it has rung.
    let descriptor: Int32
    /// What it is set for.
    private var tick: Int64?

    init() throws(NetworkError) {
        descriptor = apus_timer_create()
        guard descriptor >= 0 else { throw .system(call: "timerfd_create", errno: errno) }
    }

    deinit {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Whether it rings at `tick` or before.
    func comes(by tick: Int64) -> Bool { self.tick.map { $0 <= tick } ?? false }

    /// Has it ring for `tick`, in so many nanoseconds, of which there must be at least one.
    mutating func set(for tick: Int64, in nanoseconds: Int64) {
        self.tick = tick
        let result = apus_timer_set(descriptor, nanoseconds)
        precondition(result == 0, "a timer of the kernel takes any time that is not negative")
    }

    /// It has become readable.
    mutating func rang() {
        tick = nil
        _ = apus_event_take(descriptor)
    }
}
