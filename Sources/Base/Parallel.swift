// Work that consists of many independent pieces, spread over a few threads that exist only meanwhile.
internal import Synchronization

/// Runs `body` for every number below `count` on at most `threads` threads, this one among them, and returns
/// when all of it is done.
///
/// A thread that is done with one number takes the next, in ascending order. Threads are started for the
/// call, some 20 µs each, so that it pays for pieces that wait for the disk or compute for longer than that:
///
///     runInParallel(logs.count) { number in logs[number].open() }
package func runInParallel(
    _ count: Int, threads: Int = Machine.processorCount, _ body: @escaping @Sendable (Int) -> Void
) {
    let run = ParallelRun(count, body)
    // The order must not depend on how many processors there are.
    let threads = Stepping.threads == nil ? threads : 1
    var helpers = 0
    while helpers < min(threads, count) - 1 {
        do throws(ThreadError) {
            try Threads.startDetached(named: "apus-parallel") {
                run.work()
                run.helperEnded()
            }
            helpers += 1
        } catch {
            // Those that are there do all of it.
            break
        }
    }
    run.work()
    run.waitForHelpers(helpers)
}

private final class ParallelRun: Sendable {
    private let count: Int
    private let body: @Sendable (Int) -> Void
    private let next = Atomic(0)
    private let ended = Lock(0)
    private let oneEnded = Signal()

    init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
    }

    func work() {
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < count else { break }
            body(number)
        }
    }

    func helperEnded() {
        ended.withLock { $0 += 1 }
        oneEnded.raise()
    }

    func waitForHelpers(_ helpers: Int) {
        while ended.withLock({ $0 }) < helpers { oneEnded.wait() }
    }
}
