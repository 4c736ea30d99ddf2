// A thread that runs one piece of work after another: where changes must not overlap and may wait for the
// disk.

/// Runs closures in the order of their arrival on a thread of its own, which exists only while there is work.
package final class SerialWorker: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var isRunning = false
    }
    private let state = Lock(State())
    private let name: String?
    private let niceness: Int32

    /// A worker without any work; its thread is called `name`, and yields to others with a `niceness`
    /// (nice(2), up to 19).
    package init(named name: String? = nil, niceness: Int32 = 0) {
        self.name = name
        self.niceness = niceness
    }

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
        startDetachedThread(named: name, niceness: niceness) { [self] in
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
