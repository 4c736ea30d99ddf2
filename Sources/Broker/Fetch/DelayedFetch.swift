// A fetch that waits for more bytes: it reads again whenever one of its partitions has moved, until there is
// enough, an error shows, or its time is up.
internal import Base
internal import Network
internal import Synchronization

/// A waiting fetch.
///
/// All of its work happens on its connection's loop; only the wake-up comes from elsewhere.
final class DelayedFetch: ReadabilityListener {
    private struct State {
        /// A look is under way that waits for the disk: there is never more than one.
        var isLooking = false
        /// Something moved meanwhile.
        var hasMoved = false
        /// The time is up, so that the next look is the last one.
        var isLast = false
        var isOver = false
    }

    private let plan: FetchPlan
    private let context: RequestContext
    private let partitions: [Partition]
    private let isWoken = Atomic(false)
    private let state = Lock(State())
    /// Completed with what was there when the wait ended.
    let result = Deferred<FetchedPartitions>()

    /// A wait for `plan` on the partitions that it names.
    init(_ plan: FetchPlan, _ context: RequestContext) {
        self.plan = plan
        self.context = context
        let topics = context.topics
        partitions = plan.targets.compactMap { try? plan.find($0, topics).get() }
    }

    /// Begins to wait, and returns the timer that ends the wait at the latest.
    ///
    /// Whatever arrived since the plan was last read is noticed, as the partitions are read once more
    /// afterwards.
    func begin() -> TimerID {
        for partition in partitions { partition.addReader(self) }
        let timer = context.loop.schedule(after: .milliseconds(plan.maxWaitMilliseconds)) { [weak self] in
            guard let self else { return }
            state.withLock { $0.isLast = true }
            look()
        }
        look()
        return timer
    }

    func readable() {
        // Several partitions may move before the loop comes round; one look serves them all.
        guard !isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
        context.loop.post { [self] in
            isWoken.store(false, ordering: .releasing)
            look()
        }
    }

    /// Ends the wait without a result, on the loop.
    func cancel() {
        guard end() else { return }
        result.abandon()
    }

    private func look() {
        let mayLook = state.withLock { state in
            guard !state.isOver, !state.isLooking else {
                state.hasMoved = true
                return false
            }
            (state.isLooking, state.hasMoved) = (true, false)
            return true
        }
        guard mayLook else { return }
        plan.read(context.topics).whenComplete(for: result, on: context.loop) { [self] fetched in
            let (isLast, mustLook) = state.withLock { state in
                state.isLooking = false
                return (state.isLast, state.hasMoved)
            }
            if isLast || fetched.isEnough(plan.minBytes) { finish(fetched) } else if mustLook { look() }
        }
    }

    private func finish(_ fetched: FetchedPartitions) { if end() { result.complete(fetched) } }

    /// Ends the wait; false if it was over.
    private func end() -> Bool {
        let isNews = state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        if isNews { for partition in partitions { partition.removeReader(self) } }
        return isNews
    }
}
