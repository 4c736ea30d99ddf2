// One partition as the broker sees it: its log, and who waits for the log to move.
package import Base
package import Storage
internal import Synchronization

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
    private let condition = Atomic(Condition.opening)
    /// The epoch in which it is led, or will be once its log is open; -1 before leadership is taken.
    private let epoch = Atomic<Int32>(-1)

    /// How its log is: each description of a topic asks, and has no time to look at the log.
    private enum Condition: UInt8, AtomicRepresentable {
        case opening, open, offline
    }
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
        /// What its log is to use instead of what it is being opened with.
        var config: SharedLogConfig?
    }
    private let waiting: Lock<Waiting>
    /// Who waits for the log to move, whichever log it is.
    private let waiters = PartitionWaiters()
    /// What opens its log; nil where that was never to be done.
    private let opening: PartitionOpening?
    /// Whether its directory had to be made, as far as is known.
    let isNew: Bool

    /// A partition over `log`, which has no other observer; nil for one whose log could not be made.
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
    package var isSettled: Bool { condition.load(ordering: .acquiring) != .opening }

    /// Whether its log cannot be had.
    package var isOffline: Bool { condition.load(ordering: .acquiring) == .offline }

    /// The epoch in which it is led.
    package var leaderEpoch: LeaderEpoch { LeaderEpoch(epoch.load(ordering: .relaxed)) }

    /// Tells `listener` when everything before `end` is durable: at once, if it is already.
    package func whenDurable(_ end: Offset, tell listener: any DurabilityListener, index: Int) {
        guard let log else { return listener.durable(index, failed: true) }
        waiters.addAppend(end, of: log, listener, index)
    }

    /// Ends the waits of `listener`, which hears of none of them any more.
    package func removeAppends(of listener: any DurabilityListener) { waiters.removeAppends(of: listener) }
    /// Tells `listener` of every move of the log from now on.
    package func addReader(_ listener: any ReadabilityListener) { waiters.addReader(listener) }
    /// Ends what `addReader` began.
    package func removeReader(_ listener: any ReadabilityListener) { waiters.removeReader(listener) }

    /// How many reads wait on this partition.
    package var waitingReaders: Int { waiters.counts.readers }
    /// How many waits for durability there are.
    package var waitingAppends: Int { waiters.counts.appends }

    /// Its log may have moved without telling.
    func catchUp() { if let log { waiters.logAdvanced(log.bounds) } }

    /// Its topic was deleted, and is no longer in the directory: whoever waits for the log learns so.
    func topicWasDeleted() { waiters.tellThatNothingComes() }
}

// MARK: - Opening

extension Partition {
    /// Has its log led in `epoch` once it is open.
    func lead(in epoch: Int32) { self.epoch.store(epoch, ordering: .relaxed) }

    /// Has its log led in a later epoch, also where it is open already or is being opened, which is waited
    /// for; it takes no appends meanwhile.
    func rise(to epoch: Int32) {
        if log == nil { self.epoch.store(epoch, ordering: .relaxed) }
        let isSettled = Signal()
        let mustWait = waiting.withLock { waiting in
            guard case .opening = waiting.stage else { return false }
            waiting.bodies.append { isSettled.raise() }
            return true
        }
        if mustWait { isSettled.wait() }
        guard let log else { return }
        // A log that is closed meanwhile, or offline, takes no appends in any epoch.
        try? log.becomeLeader(epoch: LeaderEpoch(epoch))
        follow(log)
    }

    /// Tells in which epoch its log is led.
    private func follow(_ log: PartitionLog) {
        epoch.store(log.bounds.leaderEpoch.value, ordering: .relaxed)
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
            log.setObserver(waiters)
            if opened.storeIfNil(log) !== log { move(to: OpenedLog(log)) }
            follow(log)
        }
        condition.store(self.log == nil ? .offline : .open, ordering: .releasing)
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
    private func move(to next: OpenedLog) {
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
        condition.store(.opening, ordering: .releasing)
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
