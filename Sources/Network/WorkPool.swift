// A few threads for what would hold up a loop: reads from a cold disk, decompression, handshakes. They sleep
// in the kernel when there is nothing to do. With no threads at all the pool is run step by step, as
// simulations want it.
internal import Base
internal import CSystem
import Glibc

/// Runs slow work off the loops, first come first served.
package final class WorkPool: Sendable {
    private struct State: ~Copyable {
        var waiting: [(@Sendable () -> Void)?] = []
        /// Entries of `waiting` before this one were taken already, and are empty: what work holds goes with
        /// the work, and never under the lock.
        var next = 0
        var isStopping = false
        var started = 0
        var idle = 0
    }

    /// The most threads there will be.
    package let threadLimit: Int
    private let state = Lock(State())
    /// Holds one count per piece of work that a sleeping thread has to take.
    private let work: Int32
    private let ended: Latch

    /// A pool of at most `threadLimit` threads, each started when there is first work for it.
    package init(threadLimit: Int = 4) throws(NetworkError) {
        self.threadLimit = threadLimit
        ended = try Latch()
        work = apus_event_create(1, 1)
        guard work >= 0 else { throw .system(call: "eventfd", errno: errno) }
    }

    deinit { if work >= 0 { _ = Glibc.close(work) } }

    /// Pieces of work that no thread has taken yet.
    package var waitingCount: Int { state.withLock { $0.waiting.count - $0.next } }

    /// Runs `body` on a thread of the pool, in the order of the calls; from any thread.
    ///
    /// What waits for long (a disk that stands still) keeps others from their turn: there are only so many
    /// threads.
    package func run(_ body: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.waiting.append(body)
            let mustStart = state.started < threadLimit && state.idle < state.waiting.count - state.next
            if mustStart { state.started += 1 }
            return mustStart
        }
        if mustStart { startThread() }
        _ = apus_event_signal(work)
    }

    /// Runs `body` on a thread of the pool and then `completion` with its result on `loop`.
    ///
    ///     pool.run(for: loop) { try? file.contents() } then: { bytes in connection.send(bytes) }
    package func run<Result: Sendable>(
        for loop: EventLoop, _ body: @escaping @Sendable () -> Result,
        then completion: @escaping @Sendable (Result) -> Void
    ) {
        run {
            let result = body()
            loop.post { completion(result) }
        }
    }

    /// Runs the next piece of work on the calling thread; false when there is none.
    package func step() -> Bool {
        guard let body = state.withLock({ WorkPool.take(&$0) }) else { return false }
        body()
        return true
    }

    /// Ends the threads once all work is done, and waits for them.
    package func stop() {
        let started = state.withLock { state in
            state.isStopping = true
            return state.started
        }
        for _ in 0..<started { _ = apus_event_signal(work) }
        for _ in 0..<started { _ = ended.wait() }
    }

    private static func take(_ state: inout State) -> (@Sendable () -> Void)? {
        guard state.next < state.waiting.count else { return nil }
        let body = state.waiting[state.next]
        state.waiting[state.next] = nil
        state.next += 1
        if state.next == state.waiting.count || state.next >= 1024 {
            state.waiting.removeFirst(state.next)
            state.next = 0
        }
        return body
    }

    private func startThread() {
        do {
            let thread = try LoopThread(name: "apus-pool") { [self] in serve() }
            thread.detach()
        } catch {
            // Threads that exist already take the work; with none, the next call tries again.
            state.withLock { $0.started -= 1 }
        }
    }

    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            _ = apus_event_take(work)
            let mayEnd = state.withLock { state in
                state.idle -= 1
                return state.isStopping && state.next == state.waiting.count
            }
            if !step(), mayEnd { break }
        }
        ended.signal()
    }
}
