// What is done behind logs, on the pool: nobody waits for it, and after first writes to thousands of
// partitions there are as many files to sync.
internal import Base

/// Work on many logs that nobody waits for.
package final class BackgroundQueue<Item: AnyObject & Sendable>: Sendable {
    private struct State {
        var waiting: [Item] = []
        /// Which items wait: one that is worked on twice at a time would be in its own way.
        var members: Set<ObjectIdentifier> = []
        /// Whether the background has been asked, and whether it is at work.
        var isAsked = false
        var isWorking = false
        var isStopped = false
    }
    private let state = Lock(State())
    private let itemsMax: Int
    private let background: BackgroundRunner
    private let work: @Sendable ([Item]) -> Void
    private let hasWorked = Signal()

    /// A queue of what `background` does by `work`, some items at a time.
    package init(
        itemsMax: Int = BackgroundLimits.itemsMax, background: @escaping BackgroundRunner,
        _ work: @escaping @Sendable ([Item]) -> Void
    ) {
        self.itemsMax = itemsMax
        self.background = background
        self.work = work
    }

    /// Has `item` worked on, once, after whatever is under way.
    package func add(_ item: Item) {
        let mustAsk = state.withLock { state in
            guard !state.isStopped, state.members.insert(ObjectIdentifier(item)).inserted else {
                return false
            }
            state.waiting.append(item)
            defer { state.isAsked = true }
            return !state.isAsked
        }
        if mustAsk { background { self.workOnSome() } }
    }

    /// Does nothing more when it returns.
    package func stop() {
        let isWorking = state.withLock { state in
            state.isStopped = true
            state.waiting = []
            return state.isWorking
        }
        if isWorking { hasWorked.wait() }
    }

    private func workOnSome() {
        let items = state.withLock { state in
            let items = state.waiting.prefix(itemsMax)
            state.waiting.removeFirst(items.count)
            for item in items { state.members.remove(ObjectIdentifier(item)) }
            state.isWorking = true
            return Array(items)
        }
        work(items)
        let (isLeft, isStopped) = state.withLock { state in
            state.isAsked = !state.waiting.isEmpty
            state.isWorking = false
            return (state.isAsked, state.isStopped)
        }
        if isStopped { hasWorked.raise() }
        if isLeft { background { self.workOnSome() } }
    }
}

/// Limits of what is done behind logs.
package enum BackgroundLimits {
    /// So many logs are worked on at a time: whatever else waits for the background comes in between.
    package static let itemsMax = 64
    /// The same where all of them can be made durable at once: for notes of 3,000 logs that takes a fifth of
    /// the time that syncs of single files and directories do, and so long is who waits for the disk
    /// disturbed.
    static let itemsTogetherMax = 256
    /// From so many logs on that is done, which also writes what others have written to the file system.
    package static let togetherMin = 16
    /// So many of their files are synced at a time.
    package static let threads = 4
}
