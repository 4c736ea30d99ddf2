// SIGTERM and SIGINT: blocked in every thread, and waited for by one that does nothing else, so that neither
// a handler runs in the middle of something nor a loop that hangs keeps the process alive.
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

    /// Ends the process with `status` when `limit` is over, whatever its other threads do or wait for.
    ///
    /// Nothing is written or tidied up then. Throws if there is no thread to be had.
    package static func endProcess(after limit: Duration, status: Int32) throws(NetworkError) {
        let thread = try LoopThread(name: "apus-end") {
            let clock = ContinuousClock()
            let end = clock.now + limit
            while case let left = (end - clock.now).wholeNanoseconds, left > 0 {
                var rest = timespec(
                    tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
                unsafe nanosleep(&rest, nil)
            }
            _exit(status)
        }
        thread.detach()
    }
}
