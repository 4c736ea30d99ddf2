// SIGTERM and SIGINT: blocked in every thread, and waited for by one that does nothing else, so that neither
// a handler runs in the middle of something nor a loop that hangs keeps the process alive.
package import Base
internal import CSystem
import Glibc

/// Waits until the process is asked to end.
package enum SignalWaiter {
    private static let signals: [Int32] = [SIGTERM, SIGINT]

    /// Blocks the signals and ignores SIGPIPE; on the first thread, before there is any other.
    package static func prepare() throws(NetworkError) {
        apus_signals_ignore_pipe()
        let mask: UInt64 = signals.reduce(0) { $0 | 1 << UInt64($1) }
        guard apus_signals_block(mask) == 0 else { throw .system(call: "pthread_sigmask", errno: errno) }
    }

    /// Sleeps until one of the signals has come, and takes it.
    package static func wait() -> Int32 {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        var signal: Int32 = 0
        let failure = unsafe sigwait(&set, &signal)
        precondition(failure == 0, "the set holds valid signals")
        return signal
    }
}

/// The wish that the process end, from the moment it begins: a start may hang just as a stop may.
package final class StopRequest: Sendable {
    /// The signal that came first, and when, on the monotonic clock.
    package struct Arrival: Sendable {
        package let signal: Int32
        package let nanoseconds: Int64
    }

    private let arrival = Lock<Arrival?>(nil)
    private let hasArrived = Signal()

    /// Waits for one of the signals on a thread of its own, which ends the process with `status` when `limit`
    /// is over after that, whatever the other threads do or wait for; nothing is written or tidied up then.
    ///
    /// `told` is called on yet another thread when the signal has come, as it may wait for a reader of the
    /// log. Call `SignalWaiter.prepare` first. Throws if there is no thread to be had.
    package init(
        limit: Duration, status: Int32, clock: any BrokerClock,
        told: @escaping @Sendable (_ signal: Int32) -> Void,
        waiting wait: @escaping @Sendable () -> Int32 = SignalWaiter.wait
    ) throws(NetworkError) {
        let thread = try LoopThread(name: "apus-signals") { [self] in
            let signal = wait()
            arrival.withLock { $0 = Arrival(signal: signal, nanoseconds: clock.monotonicNanoseconds()) }
            hasArrived.raise()
            try? Threads.startDetached(named: "apus-signalled") { told(signal) }
            SignalWaiter.sleep(limit)
            _exit(status)
        }
        thread.detach()
    }

    /// Sleeps until the process is to end; one thread at a time.
    package func wait() -> Arrival {
        while true {
            if let arrival = arrival.withLock({ $0 }) { return arrival }
            hasArrived.wait()
        }
    }
}

extension SignalWaiter {
    /// Sleeps for all of `limit`, whatever signal comes.
    fileprivate static func sleep(_ limit: Duration) {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while case let left = (end - clock.now).wholeNanoseconds, left > 0 {
            var rest = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            unsafe nanosleep(&rest, nil)
        }
    }
}
