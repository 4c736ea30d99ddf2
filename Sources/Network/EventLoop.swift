// One thread that waits for readiness, posted work and timers, and never for anything else. All that
// connections do happens here, so their state needs no locks. A loop is a step function; `start` only puts a
// thread around it, and a simulator calls `step` itself.
package import Base
import CSystem
import Glibc
import Synchronization

/// Something with a descriptor that a loop watches.
package protocol EventSource: AnyObject, Sendable {
    /// Called on the loop when the descriptor is ready.
    func ready(_ readiness: Readiness)
}

/// Something that asked to be called once more before the loop sleeps.
protocol TurnTaker: AnyObject, Sendable {
    func takeTurn()
}

// Unchecked: `state` is touched by the thread that is inside `step` alone (`requireCurrent`), the rest is
// atomic, locked or constant.
/// An event loop, which is also the executor of the actors that live on it.
@safe package final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// Names a registered descriptor.
    package struct Registration: Sendable {
        let index: Int
        let generation: UInt32
        var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    }

    private enum Posted {
        case work(@Sendable () -> Void)
        case job(UnownedJob)
    }

    private struct Inbox {
        var posted: [Posted] = []
        /// The loop waits in the kernel, or is about to: the next post has to wake it.
        var isAsleep = false
    }

    private struct Entry {
        var source: (any EventSource)?
        var generation: UInt32
    }

    /// What only the loop's own thread touches.
    private struct State: ~Copyable {
        var poller: EpollPoller
        var timers: TimerWheel<@Sendable () -> Void>
        var alarm: Alarm
        var entries: [Entry] = []
        var freeEntries: [Int] = []
        var posted: [Posted] = []
        var turns: [any TurnTaker] = []
        var whenEmpty: [@Sendable () -> Void] = []
        /// Timers that are set while others come due wait for a later tick, or a step might never end.
        var earliestTick = Int64.min
        var now: Int64
    }

    /// The loop's place in its group, also part of its thread's name.
    package let index: Int
    /// The shared areas that connections of this loop receive into and send from.
    let scratch: LoopBuffers
    private let connectionCount = Atomic<Int>(0)

    private let clock: any BrokerClock
    private let inbox = Lock(Inbox())
    private let wakeUp: Int32
    private let currentThread = Atomic<UInt>(0)
    private let isStopping = Atomic<Bool>(false)
    private let stepCounter = Atomic<Int>(0)
    private let thread = Lock<LoopThread?>(nil)
    /// What the watchdog sees of the loop.
    let heartbeat: LoopHeartbeat
    // Touched on the loop alone and never across a call of others: the checks for overlapping accesses cost
    // more than the accesses.
    @safe @exclusivity(unchecked) private var state: State

    /// A loop that does nothing until it is started or stepped.
    package convenience init(
        index: Int = 0, clock: any BrokerClock = SystemClock()
    ) throws(NetworkError) {
        try self.init(index: index, clock: clock, watchdogWakeUp: WatchdogWakeUp())
    }

    /// A loop that wakes the watchdog by `watchdogWakeUp`.
    init(index: Int, clock: any BrokerClock, watchdogWakeUp: WatchdogWakeUp) throws(NetworkError) {
        heartbeat = LoopHeartbeat(watchdogWakeUp)
        self.index = index
        self.clock = clock
        scratch = LoopBuffers()
        wakeUp = apus_event_create(0, 0)
        let now = clock.monotonicNanoseconds()
        state = State(
            poller: try EpollPoller(), timers: TimerWheel(tick: now / nanosecondsPerTick),
            alarm: try Alarm(), now: now)
        guard wakeUp >= 0 else { throw .system(call: "eventfd", errno: errno) }
        try state.poller.add(wakeUp, interest: .readable, token: wakeUpToken)
        try state.poller.add(state.alarm.descriptor, interest: .readable, token: alarmToken)
    }

    deinit {
        if wakeUp >= 0 { _ = Glibc.close(wakeUp) }
    }

    /// Whether the caller is on this loop.
    package var isCurrent: Bool { currentThread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Nanoseconds of the monotonic clock when the current step began to act; for the loop's own thread.
    package var now: Int64 {
        requireCurrent()
        return state.now
    }

    /// How often the loop has come round: an idle loop does not.
    package var stepCount: Int { stepCounter.load(ordering: .relaxed) }

    @inline(__always)
    private func requireCurrent() {
        precondition(isCurrent, "this belongs to the loop's own thread; post it there")
    }
}

/// Timers have a resolution of a millisecond; they never come early.
private let nanosecondsPerTick: Int64 = 1_000_000
/// What the loop's own descriptors are registered as; no entry has such a number.
private let wakeUpToken = UInt64.max
private let alarmToken = UInt64.max - 1

// MARK: - Work from elsewhere

extension EventLoop {
    /// Runs `work` on the loop, soon and in the order of the posts of one thread; from any thread.
    ///
    /// Costs a system call only when the loop sleeps, and then one for all posts until it is awake.
    package func post(_ work: @escaping @Sendable () -> Void) { add(.work(work)) }

    private func add(_ posted: Posted) {
        if isCurrent { return state.posted.append(posted) }
        let mustWake = inbox.withLock { inbox in
            inbox.posted.append(posted)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        if mustWake { _ = apus_event_signal(wakeUp) }
    }

    /// Runs a job of one of the actors that live here.
    package func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// The loop as its actors name it.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Traps when an actor of this loop is entered from another thread.
    package func checkIsolated() { requireCurrent() }

    /// Whether the caller is on this loop, for the runtime.
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }
}

// MARK: - Timers

extension EventLoop {
    /// Calls `action` on the loop once, `delay` from now or up to a tick later; for the loop's own thread.
    ///
    /// - Complexity: O(1), as taking it back is: most timers are limits that are never reached.
    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
        schedule(at: now &+ max(0, delay.wholeNanoseconds), action)
    }

    /// Calls `action` on the loop once, when the monotonic clock shows `deadline` nanoseconds or up to a tick
    /// later.
    package func schedule(at deadline: Int64, _ action: @escaping @Sendable () -> Void) -> TimerID {
        requireCurrent()
        let tick = deadline / nanosecondsPerTick + (deadline % nanosecondsPerTick > 0 ? 1 : 0)
        return state.timers.insert(action, at: max(tick, state.earliestTick))
    }

    /// Takes a timer back; one that came due already is left alone.
    package func cancel(_ timer: TimerID) {
        requireCurrent()
        state.timers.cancel(timer)
    }

    /// Timers that are set, for tests and metrics; for the loop's own thread.
    package var timerCount: Int {
        requireCurrent()
        return state.timers.count
    }
}

// MARK: - Descriptors

extension EventLoop {
    /// Watches `descriptor` for `interest` and keeps `source` alive until `forget`; for the loop's own
    /// thread.
    package func watch(
        _ descriptor: Int32, for interest: Readiness, _ source: any EventSource
    ) throws(NetworkError) -> Registration {
        requireCurrent()
        let index = state.freeEntries.popLast() ?? state.entries.count
        if index == state.entries.count { state.entries.append(Entry(source: nil, generation: 0)) }
        let registration = Registration(index: index, generation: state.entries[index].generation)
        do {
            try state.poller.add(descriptor, interest: interest, token: registration.token)
        } catch {
            state.freeEntries.append(index)
            throw error
        }
        state.entries[index].source = source
        return registration
    }

    /// Changes what a watched descriptor is watched for.
    package func change(_ registration: Registration, of descriptor: Int32, to interest: Readiness) {
        requireCurrent()
        state.poller.change(descriptor, interest: interest, token: registration.token)
    }

    /// Stops watching a descriptor, which the caller closes afterwards.
    package func forget(_ registration: Registration, of descriptor: Int32) {
        requireCurrent()
        guard state.entries[registration.index].generation == registration.generation else { return }
        state.poller.remove(descriptor)
        state.entries[registration.index].source = nil
        state.entries[registration.index].generation &+= 1
        state.freeEntries.append(registration.index)
    }

    /// Calls `taker` once more before the loop sleeps, after what was posted.
    func takeTurnSoon(_ taker: any TurnTaker) {
        requireCurrent()
        state.turns.append(taker)
    }

    /// Everything that is watched, in no order; for the loop's own thread.
    var sources: [any EventSource] {
        requireCurrent()
        return state.entries.compactMap(\.source)
    }
}

// MARK: - Connections

extension EventLoop {
    /// Connections of this loop; from any thread.
    package var connections: Int { connectionCount.load(ordering: .relaxed) }

    /// Counts a connection that is on its way to this loop; from any thread.
    func connectionJoins() { connectionCount.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a connection out; for the loop's own thread.
    func connectionLeft() {
        requireCurrent()
        connectionCount.wrappingSubtract(1, ordering: .relaxed)
        callWhenEmpty()
    }

    /// Calls `action` on the loop as soon as it has no connection, which may be at once; for the loop's own
    /// thread.
    func whenEmpty(_ action: @escaping @Sendable () -> Void) {
        requireCurrent()
        state.whenEmpty.append(action)
        callWhenEmpty()
    }

    private func callWhenEmpty() {
        guard connections == 0, !state.whenEmpty.isEmpty else { return }
        let actions = state.whenEmpty
        state.whenEmpty = []
        for action in actions { action() }
    }
}

// MARK: - Steps

extension EventLoop {
    /// One round: events, what was posted, timers, turns; waits for the first of them only if `mayWait`.
    package func step(mayWait: Bool) {
        let outer = currentThread.exchange(UInt(pthread_self()), ordering: .relaxed)
        defer { currentThread.store(outer, ordering: .relaxed) }
        stepCounter.store(stepCounter.load(ordering: .relaxed) + 1, ordering: .relaxed)
        heartbeat.turned(clock)
        let sleeps = mayWait && maySleep()
        if sleeps { heartbeat.sleeps() }
        let count = state.poller.wait(isPoll: !sleeps)
        state.now = clock.monotonicNanoseconds()
        heartbeat.beginsTurn(at: state.now, wasAsleep: sleeps)
        collectPosts()
        for index in 0..<count { dispatch(state.poller.event(index)) }
        runPosts()
        runTimers()
        runTurns()
    }

    /// Whether there is nothing to do until an event, a post or the alarm, which is set for the next timer.
    private func maySleep() -> Bool {
        guard state.posted.isEmpty, state.turns.isEmpty else { return false }
        let isAsleep = inbox.withLock { inbox in
            inbox.isAsleep = inbox.posted.isEmpty
            return inbox.isAsleep
        }
        guard isAsleep else { return false }
        guard let tick = state.timers.nextTick, !state.alarm.comes(by: tick) else { return true }
        let wait = tick * nanosecondsPerTick - clock.monotonicNanoseconds()
        guard wait > 0 else { return false }
        state.alarm.set(for: tick, in: wait)
        return true
    }

    private func collectPosts() {
        inbox.withLock { inbox in
            inbox.isAsleep = false
            guard !inbox.posted.isEmpty else { return }
            if state.posted.isEmpty {
                swap(&state.posted, &inbox.posted)
            } else {
                state.posted.append(contentsOf: inbox.posted)
                inbox.posted.removeAll(keepingCapacity: true)
            }
        }
    }

    private func dispatch(_ event: (token: UInt64, readiness: Readiness)) {
        if event.token == wakeUpToken {
            _ = apus_event_take(wakeUp)
            return
        }
        if event.token == alarmToken { return state.alarm.rang() }
        let index = Int(event.token & 0xffff_ffff)
        guard state.entries[index].generation == UInt32(event.token >> 32) else { return }
        let source = state.entries[index].source
        source?.ready(event.readiness)
    }

    /// Runs what was posted until now; what that posts itself waits for the next round, so that events are
    /// not starved.
    private func runPosts() {
        guard !state.posted.isEmpty else { return }
        var batch: [Posted] = []
        swap(&batch, &state.posted)
        for posted in batch {
            switch posted {
            case .work(let work): work()
            case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            }
        }
        guard state.posted.isEmpty, batch.capacity <= 4096 else { return }
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &state.posted)
    }

    private func runTimers() {
        guard state.timers.count > 0 else { return }
        let tick = state.now / nanosecondsPerTick
        state.earliestTick = tick + 1
        while let action = state.timers.popDue(at: tick) { action() }
        state.earliestTick = .min
    }

    private func runTurns() {
        guard !state.turns.isEmpty else { return }
        var batch: [any TurnTaker] = []
        swap(&batch, &state.turns)
        for taker in batch { taker.takeTurn() }
    }
}

// MARK: - The thread around it

extension EventLoop {
    /// Starts the loop's thread.
    package func start() throws(NetworkError) {
        let thread = try LoopThread(name: "apus-loop-\(index)") { [self] in
            apus_stack_allow()
            while !isStopping.load(ordering: .acquiring) { step(mayWait: true) }
            heartbeat.turned(clock)
            heartbeat.sleeps()
        }
        self.thread.withLock { $0 = thread }
    }

    /// Where the loop's thread is and who called it, innermost first, as far as that can be told.
    func stack() -> [String] {
        // The thread is not joined meanwhile.
        thread.withLock { $0?.stack() ?? [] }
    }

    /// Ends the thread after the step it is in, and waits for that; not from the loop itself.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        post {}
        let ended = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        ended?.join()
        forgetWork()
    }

    /// What is left to be done holds whoever wants it, who mostly holds the loop.
    private func forgetWork() {
        let posted = inbox.withLock { inbox in
            defer { inbox.posted = [] }
            return inbox.posted
        }
        let left = (posted, state.posted, state.timers)
        state.posted = []
        state.timers = TimerWheel(tick: 0)
        withExtendedLifetime(left) {}
    }
}

extension Duration {
    /// The duration in nanoseconds, bounded by what 64 bits hold.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds > 0 ? .max / 2 : .min / 2 }
        return min(max(product, .min / 2), .max / 2) + attoseconds / 1_000_000_000
    }
}
