// A fetch that waits for more bytes: it reads again whenever one of its partitions has moved, until there is
// enough, an error shows, or its time is up.
internal import Base
internal import Network
internal import Synchronization

/// A waiting fetch.
///
/// All of its work happens on its connection's loop; only the wake-up comes from elsewhere.
final class DelayedFetch: ReadabilityListener {
    private let plan: FetchPlan
    private let context: RequestContext
    private let partitions: [Partition]
    private let isWoken = Atomic(false)
    private let isOver = Atomic(false)
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
            self?.look(isLast: true)
        }
        look(isLast: false)
        return timer
    }

    func readable() {
        // Several partitions may move before the loop comes round; one look serves them all.
        guard !isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
        context.loop.post { [self] in
            isWoken.store(false, ordering: .releasing)
            look(isLast: false)
        }
    }

    /// Ends the wait without a result, on the loop.
    func cancel() {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        for partition in partitions { partition.removeReader(self) }
    }

    private func look(isLast: Bool) {
        guard !isOver.load(ordering: .acquiring) else { return }
        plan.read(context.topics).whenComplete(on: context.loop) { [self] fetched in
            if isLast || fetched.isEnough(plan.minBytes) { finish(fetched) }
        }
    }

    private func finish(_ fetched: FetchedPartitions) {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        for partition in partitions { partition.removeReader(self) }
        result.complete(fetched)
    }
}
