// What a loop shows of itself to the watchdog: since when it has been awake, stored once a turn. The watchdog
// sleeps while all loops do, and the first of them to wake up wakes it.
internal import Base
internal import Synchronization

/// What the loops of a group share with their watchdog: whether somebody has to wake it.
final class WatchdogWakeUp: Sendable {
    /// Nobody has to: it looks by itself, or there is none.
    private let isUp = Atomic<Bool>(true)
    /// What the watchdog sleeps on.
    let signal = Signal()

    /// A loop woke up.
    @inline(__always)
    func loopIsAwake() {
        guard !isUp.load(ordering: .sequentiallyConsistent) else { return }
        if !isUp.exchange(true, ordering: .sequentiallyConsistent) { signal.raise() }
    }

    /// From now on the next loop that wakes up wakes it, unless one `isAwake` already; whether that is so.
    ///
    /// The loop tells that it is awake before it looks here, and here it is the other way round: one of the
    /// two sees the other.
    func mayRest(unless isAwake: () -> Bool) -> Bool {
        isUp.store(false, ordering: .sequentiallyConsistent)
        guard isAwake() else { return true }
        isUp.store(true, ordering: .sequentiallyConsistent)
        return false
    }

    /// Nobody wakes it any more.
    func stops() { isUp.store(true, ordering: .sequentiallyConsistent) }
}

/// Since when a loop has been in its present turn.
struct LoopHeartbeat: ~Copyable, Sendable {
    private static let asleep = Int64.max

    private let awakeSince = Atomic<Int64>(asleep)
    /// The watchdog wants to know when the present turn ends.
    private let isAwaited = Atomic<Bool>(false)
    private let turnedAt = Atomic<Int64>(0)
    private let watchdogWakeUp: WatchdogWakeUp

    /// The heartbeat of a loop that sleeps.
    init(_ watchdogWakeUp: WatchdogWakeUp) { self.watchdogWakeUp = watchdogWakeUp }

    /// The turn is over; for the loop.
    @inline(__always)
    func turned(_ clock: any BrokerClock) {
        guard isAwaited.load(ordering: .relaxed) else { return }
        turnedAt.store(clock.monotonicNanoseconds(), ordering: .relaxed)
        isAwaited.store(false, ordering: .releasing)
    }

    /// The loop is about to wait in the kernel; for the loop.
    @inline(__always)
    func sleeps() { awakeSince.store(Self.asleep, ordering: .releasing) }

    /// The loop acts on what is there; for the loop.
    @inline(__always)
    func beginsTurn(at now: Int64, wasAsleep: Bool) {
        guard wasAsleep else { return awakeSince.store(now, ordering: .relaxed) }
        awakeSince.store(now, ordering: .sequentiallyConsistent)
        watchdogWakeUp.loopIsAwake()
    }

    /// When the present turn began; nil while the loop sleeps.
    var turnBegan: Int64? {
        let since = awakeSince.load(ordering: .sequentiallyConsistent)
        return since == Self.asleep ? nil : since
    }

    /// Has the loop note when its present turn ends.
    func awaitsTurn() { isAwaited.store(true, ordering: .releasing) }

    /// When the turn ended that was waited for; nil if that is not known.
    func takeTurned() -> Int64? {
        guard !isAwaited.exchange(false, ordering: .acquiring) else { return nil }
        return turnedAt.load(ordering: .relaxed)
    }
}
