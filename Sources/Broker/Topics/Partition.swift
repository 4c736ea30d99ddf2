// One partition as the broker sees it: its log, and who waits for the log to move.
package import Base
package import Storage
internal import Synchronization

/// Told once when a log's durable end has reached an offset, or when the log has failed before that.
package protocol DurabilityListener: AnyObject, Sendable {
    /// The wait registered as number `index` is over; `failed` if the records may be lost.
    ///
    /// Called from any thread.
    func durable(_ index: Int, failed: Bool)
}

/// Told whenever readers of a log can see more, or when the log has failed.
package protocol ReadabilityListener: AnyObject, Sendable {
    /// More may be readable.
    ///
    /// Called from any thread, possibly after the listener was removed.
    func readable()
}

/// A partition of a topic.
package final class Partition: Sendable {
    /// Topic name and number.
    package let id: TopicPartition
    /// Its log, unless it was moved to another directory since.
    private let opened = AtomicLazyReference<PartitionLog>()
    /// The logs after that one, in their order, and whether there are any: each request asks for the log, and
    /// a reference that is seldom there costs several hundred instructions to look at.
    private let movedTo = AtomicLazyReference<OpenedLog>()
    private let hasMoved = Atomic(false)
    private let hasSettled = Atomic(false)
    /// The epoch in which it is led from its opening on; -1 before leadership is taken.
    private let epoch = Atomic<Int32>(-1)

    private enum Stage {
        /// Its log is to be opened.
        indirect case closed(LogToOpen)
        case opening
        /// Its log is open, or cannot be had.
        case settled
    }
    private struct Waiting {
        var stage: Stage
        /// Who wants to know when it is settled.
        var bodies: [@Sendable () -> Void] = []
        var appends: [(end: Offset, listener: any DurabilityListener, index: Int)] = []
        var readers: [any ReadabilityListener] = []
        /// What its log is to use instead of what it is being opened with.
        var config: SharedLogConfig?
    }
    private let waiting: Lock<Waiting>
    /// What opens its log; nil where that was never to be done.
    private let opening: PartitionOpening?
    /// Whether its directory had to be made, as far as is known.
    let isNew: Bool

    /// A partition over `log`, whose observer it becomes; nil for one whose log could not be made.
    package init(id: TopicPartition, log: PartitionLog?) {
        self.id = id
        isNew = false
        opening = nil
        waiting = Lock(Waiting(stage: .settled))
        settle(log)
    }

    /// A partition whose log is opened when it is needed, or earlier.
    init(_ unopened: LogToOpen, by opening: PartitionOpening) {
        id = unopened.id
        isNew = unopened.isNew
        self.opening = opening
        waiting = Lock(Waiting(stage: .closed(unopened)))
        opening.expect()
    }

    /// Its log; nil until it is opened, and for good if it cannot be: then every request for it is answered
    /// with a storage error.
    package var log: PartitionLog? {
        hasMoved.load(ordering: .acquiring) ? movedTo.load()?.latest.log : opened.load()
    }

    /// Whether its log is open, or cannot be had.
    package var isSettled: Bool { hasSettled.load(ordering: .acquiring) }

    /// Whether its log cannot be had.
    package var isOffline: Bool { isSettled && log == nil }

    /// The epoch in which it is led.
    package var leaderEpoch: LeaderEpoch {
        log?.bounds.leaderEpoch ?? LeaderEpoch(epoch.load(ordering: .relaxed))
    }

    /// Tells `listener` when everything before `end` is durable: at once, if it is already.
    package func whenDurable(_ end: Offset, tell listener: any DurabilityListener, index: Int) {
        guard let log else { return listener.durable(index, failed: true) }
        // The mark is read under the lock: `logAdvanced` takes that lock after it moved, so no wait is
        // missed.
        let verdict: Bool? = waiting.withLock { waiting in
            if log.bounds.highWatermark >= end { return false }
            if log.hasFailed { return true }
            waiting.appends.append((end, listener, index))
            return nil
        }
        if let verdict { listener.durable(index, failed: verdict) }
    }

    /// Ends the waits of `listener`, which hears of none of them any more.
    package func removeAppends(of listener: any DurabilityListener) {
        waiting.withLock { $0.appends.removeAll { $0.listener === listener } }
    }

    /// Tells `listener` of every move of the log from now on.
    package func addReader(_ listener: any ReadabilityListener) {
        waiting.withLock { $0.readers.append(listener) }
    }

    /// Ends what `addReader` began.
    package func removeReader(_ listener: any ReadabilityListener) {
        waiting.withLock { $0.readers.removeAll { $0 === listener } }
    }

    /// How many reads wait on this partition.
    package var waitingReaders: Int { waiting.withLock { $0.readers.count } }
    /// How many waits for durability there are.
    package var waitingAppends: Int { waiting.withLock { $0.appends.count } }
}

// MARK: - Opening

extension Partition {
    /// Has its log led in `epoch` once it is open.
    func lead(in epoch: Int32) { self.epoch.store(epoch, ordering: .relaxed) }

    /// Has its log led in a later epoch, also where it is open already or is being opened, which is waited
    /// for; it takes no appends meanwhile.
    func rise(to epoch: Int32) {
        self.epoch.store(epoch, ordering: .relaxed)
        let isSettled = Signal()
        let mustWait = waiting.withLock { waiting in
            guard case .opening = waiting.stage else { return false }
            waiting.bodies.append { isSettled.raise() }
            return true
        }
        if mustWait { isSettled.wait() }
        // A log that is closed meanwhile, or offline, takes no appends in any epoch.
        try? log?.becomeLeader(epoch: LeaderEpoch(epoch))
    }

    /// Opens the log on this thread; nothing happens if that is done, or another thread is at it.
    func open() {
        guard let unopened = beginOpening() else { return }
        settle(opening?.open(unopened, leadingIn: leaderEpoch))
    }

    /// Leaves the opening to the caller, who has to `settle` it; nil if that is done, or another thread is at
    /// it.
    func beginOpening() -> LogToOpen? {
        waiting.withLock { waiting in
            guard case .closed(let unopened) = waiting.stage else { return nil }
            waiting.stage = .opening
            return unopened
        }
    }

    /// Its log is open, or with nil cannot be had.
    func settle(_ log: PartitionLog?) {
        if let log {
            log.setObserver(self)
            if opened.storeIfNil(log) !== log { follow(with: OpenedLog(log)) }
        }
        hasSettled.store(true, ordering: .releasing)
        opening?.settled()
        let bodies = waiting.withLock { waiting in
            waiting.stage = .settled
            if let config = waiting.config { self.log?.update(config) }
            defer { (waiting.bodies, waiting.config) = ([], nil) }
            return waiting.bodies
        }
        for body in bodies { body() }
    }

    /// Has requests find the log of another directory from now on.
    private func follow(with next: OpenedLog) {
        if let first = movedTo.load() {
            _ = first.latest.next.storeIfNil(next)
        } else {
            _ = movedTo.storeIfNil(next)
        }
        hasMoved.store(true, ordering: .releasing)
    }

    /// Takes the log away from requests, which wait until another one is settled; false where that cannot be
    /// had anyway.
    func beginReopening() -> Bool {
        let isBegun = waiting.withLock { waiting in
            guard case .settled = waiting.stage, log != nil else { return false }
            waiting.stage = .opening
            return true
        }
        guard isBegun else { return false }
        opening?.expect()
        hasSettled.store(false, ordering: .releasing)
        return true
    }

    /// Has its log use other settings, now or when it is opened.
    func configure(_ config: SharedLogConfig) {
        waiting.withLock { waiting in
            switch waiting.stage {
            case .closed(let unopened): waiting.stage = .closed(unopened.with(config))
            case .opening: waiting.config = config
            case .settled: log?.update(config)
            }
        }
    }

    /// Calls `body` when the log is open, or cannot be had: at once, or on the thread that opens it, which
    /// begins with it now.
    func whenSettled(_ body: @escaping @Sendable () -> Void) {
        let (isSettled, isClosed) = waiting.withLock { waiting -> (Bool, Bool) in
            if case .settled = waiting.stage { return (true, false) }
            waiting.bodies.append(body)
            if case .closed = waiting.stage { return (false, true) }
            return (false, false)
        }
        if isSettled { body() }
        if isClosed { opening?.request(self, isNew: isNew) }
    }

    /// Waits until the log is open, or cannot be had, if somebody is opening it; it is not opened any more
    /// otherwise.
    ///
    /// Before its files are deleted.
    func giveUpOpening() {
        if let unopened = beginOpening() {
            unopened.directory?.met()
            return settle(nil)
        }
        let isSettled = Signal()
        whenSettled { isSettled.raise() }
        isSettled.wait()
    }
}

/// A log of a partition, and the one that came after it.
private final class OpenedLog: Sendable {
    let log: PartitionLog
    let next = AtomicLazyReference<OpenedLog>()

    init(_ log: PartitionLog) { self.log = log }

    /// The last one; moves are rare, so that it is hardly ever another one.
    var latest: OpenedLog {
        var last = self
        while let next = last.next.load() { last = next }
        return last
    }
}

extension Partition: LogObserver {
    /// The durable end moved: acknowledges appends below it and wakes the readers.
    package func logAdvanced(_ bounds: LogBounds) {
        let (reached, readers) = waiting.withLock { waiting in
            // Appends are registered nearly in the order of their offsets; a linear pass over the few that
            // wait is enough.
            let split = waiting.appends.partition { $0.end <= bounds.highWatermark }
            let reached = Array(waiting.appends[split...])
            waiting.appends.removeSubrange(split...)
            return (reached, waiting.readers)
        }
        for wait in reached { wait.listener.durable(wait.index, failed: false) }
        for reader in readers { reader.readable() }
    }

    /// The log failed: whoever waits learns that its records may be lost.
    package func logFailed(_ error: StorageError) { tellThatNothingComes() }

    /// Its topic was deleted, and is no longer in the directory: whoever waits for the log learns so.
    func topicWasDeleted() { tellThatNothingComes() }

    private func tellThatNothingComes() {
        let (appends, readers) = waiting.withLock { waiting in
            defer { waiting.appends = [] }
            return (waiting.appends, waiting.readers)
        }
        for wait in appends { wait.listener.durable(wait.index, failed: true) }
        for reader in readers { reader.readable() }
    }
}
