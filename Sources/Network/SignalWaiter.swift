// SIGTERM and SIGINT as events of a loop: the signals are blocked in every thread and read from a descriptor,
// so no handler ever runs in the middle of something else.
internal import CSystem
import Glibc

/// Calls back when the process is asked to end.
package final class SignalWaiter: EventSource {
    private static let signals: [Int32] = [SIGTERM, SIGINT]
    private static var mask: UInt64 { signals.reduce(0) { $0 | 1 << UInt64($1) } }
    private let descriptor: Int32
    private let received: @Sendable (_ signal: Int32) -> Void

    /// Blocks the signals and ignores SIGPIPE; on the first thread, before there is any other.
    package static func prepare() throws(NetworkError) {
        apus_signals_ignore_pipe()
        guard apus_signals_block(mask) == 0 else { throw .system(call: "pthread_sigmask", errno: errno) }
    }

    /// Calls `received` on `loop` for each signal, as long as the loop lives.
    @discardableResult
    package init(on loop: EventLoop, received: @escaping @Sendable (_ signal: Int32) -> Void)
        throws(NetworkError)
    {
        descriptor = apus_signals_open(Self.mask)
        self.received = received
        guard descriptor >= 0 else { throw .system(call: "signalfd", errno: errno) }
        loop.post { [self] in _ = try? loop.watch(descriptor, for: .readable, self) }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Takes the signals that came, for the loop.
    package func ready(_ readiness: Readiness) {
        while case let signal = apus_signals_take(descriptor), signal > 0 { received(signal) }
    }
}
