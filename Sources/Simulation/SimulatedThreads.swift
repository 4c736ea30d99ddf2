// The threads of a broker that a simulator runs: each is a thread of the system, as only that can stop in the
// middle of a call, but one alone runs at a time, until it sleeps or ends. Whose turn it is the simulator
// decides.
import Base
import Glibc

/// Threads that take turns.
///
/// Whoever made it runs them, and may be stepped too, but never sleeps.
package final class SimulatedThreads: SteppedThreads, @unchecked Sendable {
    // Only who has the turn touches any of this.

    /// One that was started.
    private final class Entry: @unchecked Sendable {
        let number: Int
        let name: String
        var body: (@Sendable () -> Void)?
        var isOver: (@Sendable () -> Bool)?
        var deadline: Int64?
        var carrier: Carrier?

        init(_ number: Int, _ name: String, _ body: @escaping @Sendable () -> Void) {
            self.number = number
            self.name = name
            self.body = body
        }

        func isReady(at now: Int64) -> Bool {
            guard let isOver else { return true }
            return deadline.map { $0 <= now } ?? false || isOver()
        }
    }

    /// A thread of the system that carries one after another.
    private final class Carrier: @unchecked Sendable {
        let turn = Turn()
        var entry: Entry?
    }

    private let clock: any BrokerClock
    private var random: SeededRandom
    private var entries: [Entry] = []
    private var running: Entry?
    private var idle: [Carrier] = []
    private var started = 0
    private let back = Turn()

    /// No threads yet; what the broker draws by chance follows `seed`.
    package init(clock: any BrokerClock, seed: UInt64) {
        self.clock = clock
        random = SeededRandom(seed: seed)
    }

    deinit {
        for carrier in idle { carrier.turn.pass() }
    }

    /// A thread whose turn may come.
    package struct Ready: Sendable, Equatable {
        /// Counts the threads that were started.
        package let number: Int
        package let name: String
    }

    /// Those that have something to do, in the order in which they were started.
    package var ready: [Ready] {
        let now = clock.monotonicNanoseconds()
        return entries.filter { $0.isReady(at: now) }.map { Ready(number: $0.number, name: $0.name) }
    }

    /// Those that have not ended.
    package var names: [String] { entries.map(\.name) }

    /// When the first of those that sleep for a time wakes up by itself.
    package var nextDeadline: Int64? { entries.compactMap(\.deadline).min() }

    /// Lets a thread run until it sleeps or ends.
    package func run(_ ready: Ready) {
        guard let entry = entries.first(where: { $0.number == ready.number }) else { return }
        precondition(running == nil, "a thread runs another one")
        running = entry
        let carrier = entry.carrier ?? carry(entry)
        carrier.turn.pass()
        back.wait()
        running = nil
        guard entry.body == nil, entry.carrier == nil else { return }
        entries.removeAll { $0 === entry }
        idle.append(carrier)
    }

    package func start(named name: String?, _ body: @escaping @Sendable () -> Void) {
        entries.append(Entry(started, name ?? "worker", body))
        started += 1
    }

    package func rest(until isOver: @escaping @Sendable () -> Bool, nanoseconds: Int64?) {
        if isOver() { return }
        guard let entry = running, let carrier = entry.carrier else {
            preconditionFailure("an event loop waits for something")
        }
        entry.isOver = isOver
        entry.deadline = nanoseconds.map { clock.monotonicNanoseconds() &+ min($0, .max / 2) }
        back.pass()
        carrier.turn.wait()
        entry.isOver = nil
        entry.deadline = nil
    }

    package func nextRandom() -> UInt64 { random.next() }

    private func carry(_ entry: Entry) -> Carrier {
        let carrier = idle.popLast() ?? newCarrier()
        carrier.entry = entry
        entry.carrier = carrier
        return carrier
    }

    private func newCarrier() -> Carrier {
        let carrier = Carrier()
        let back = back
        do {
            let thread = try Threads.start(named: "apus-simulated") { [weak self] in
                while true {
                    carrier.turn.wait()
                    guard let entry = carrier.entry, let body = entry.body, let threads = self else { return }
                    Stepping.run(by: threads, body)
                    // What it holds goes while it has the turn.
                    entry.body = nil
                    entry.isOver = nil
                    entry.carrier = nil
                    carrier.entry = nil
                    back.pass()
                }
            }
            pthread_detach(thread)
        } catch { preconditionFailure("\(error)") }
        return carrier
    }
}

/// Hands the turn from one thread to another.
private final class Turn: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func pass() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
