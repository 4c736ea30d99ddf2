// A thread that runs one piece of work after another: where changes must not overlap and may wait for the
// disk.
internal import CSystem
import Glibc

/// Runs closures in the order of their arrival on a thread of its own, which exists only while there is work.
package final class SerialWorker: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var isRunning = false
    }
    private let state = Lock(State())

    /// A worker without any work.
    package init() {}

    /// Runs `work` after everything that was given before.
    package func run(_ work: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.queue.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { startThread() }
    }

    private func startThread() {
        startDetachedThread { [self] in
            while let batch = takeBatch() {
                for work in batch { work() }
            }
        }
    }

    /// What has gathered; nil if that is nothing, and then the thread ends.
    private func takeBatch() -> [@Sendable () -> Void]? {
        state.withLock { state in
            guard !state.queue.isEmpty else {
                state.isRunning = false
                return nil
            }
            defer { state.queue = [] }
            return state.queue
        }
    }
}

/// Runs `body` on a new thread that nobody joins; at most 15 bytes of `name` show in tools.
///
/// With a `niceness` (nice(2), up to 19) it yields to other threads.
package func startDetachedThread(
    named name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
) {
    startDetachedThread {
        unsafe apus_name_thread(name)
        if niceness > 0 { apus_nice_thread(niceness) }
        body()
    }
}

/// Runs `body` on a new thread that nobody joins.
package func startDetachedThread(_ body: @escaping @Sendable () -> Void) {
    let context = unsafe Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
        &thread, nil,
        { raw in
            guard let raw = unsafe raw else { return nil }
            unsafe Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().body()
            return nil
        }, unsafe context.toOpaque())
    // Only exhausted process limits make this fail, and then nothing else can work either.
    precondition(code == 0, "a thread could not be started (error \(code))")
    pthread_detach(thread)
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
