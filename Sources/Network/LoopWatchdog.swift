// Logs a loop that has not come round for a second although it had work, with its stack: all its clients
// wait. One thread looks once a second while a loop is awake, and sleeps while all of them do. Other threads
// may wait for a disk as long as that takes, and are not looked at.
package import Base
internal import CSystem
import Glibc
internal import Synchronization

/// Watches the loops of a group.
///
/// A place in a stack is `file+0xoffset`, which `llvm-symbolizer --obj=apus 0xoffset` or `addr2line -fe apus
/// 0xoffset` names, given the same build with its symbols (`make build SYMBOLS=1`). Where the innermost place
/// lies in the C library, the function that called it is not among the others, but the next line calls it.
package final class LoopWatchdog: Sendable {
    private let group: EventLoopGroup
    private let clock: any BrokerClock
    private let logger: Logger
    private let limit: Int64
    private let isStopping = Atomic<Bool>(false)
    private let wakeUpCounter = Atomic<Int>(0)

    /// A watchdog over `group`, whose time is that of `clock`, for turns that take longer than `limit`.
    package init(
        _ group: EventLoopGroup, limit: Duration = .seconds(1), clock: any BrokerClock = SystemClock(),
        logger: Logger
    ) {
        self.group = group
        self.clock = clock
        self.logger = logger
        self.limit = limit.wholeNanoseconds
    }

    /// How often its thread woke up: not at all while all loops sleep.
    package var wakeUps: Int { wakeUpCounter.load(ordering: .relaxed) }

    /// Starts the thread; throws if there is none to be had.
    package func start() throws(NetworkError) {
        guard apus_stack_prepare() == 0 else { throw .system(call: "sigaction", errno: errno) }
        let thread = try LoopThread(name: "apus-watchdog") { [self] in watch() }
        thread.detach()
    }

    /// Ends the thread after the look it is in, and does not wait for that: a log that nobody reads may hold
    /// it up.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        group.watchdogWakeUp.signal.raise()
    }

    private func watch() {
        var stuck = StuckLoops(count: group.loops.count, limit: limit)
        let watchdogWakeUp = group.watchdogWakeUp
        while !isStopping.load(ordering: .acquiring) {
            let rested = clock.monotonicNanoseconds()
            watchdogWakeUp.signal.wait(nanoseconds: limit)
            wakeUpCounter.wrappingAdd(1, ordering: .relaxed)
            look(&stuck, since: rested)
            guard stuck.isQuiet, watchdogWakeUp.mayRest(unless: isAnyAwake) else { continue }
            if !isStopping.load(ordering: .acquiring) { watchdogWakeUp.signal.wait() }
            wakeUpCounter.wrappingAdd(1, ordering: .relaxed)
        }
        watchdogWakeUp.stops()
    }

    private func isAnyAwake() -> Bool { group.loops.contains { $0.heartbeat.turnBegan != nil } }

    private func look(_ stuck: inout StuckLoops, since rested: Int64) {
        let samples = group.loops.map { loop in
            // In this order: a loop that falls asleep in between is seen to have turned by the next look.
            let steps = loop.stepCount
            return LoopSample(steps: steps, turnBegan: loop.heartbeat.turnBegan)
        }
        let now = clock.monotonicNanoseconds()
        for report in stuck.look(samples, at: now, since: rested) { log(report, at: now) }
    }

    private func log(_ report: LoopReport, at now: Int64) {
        switch report {
        case .stuck(let index, let nanoseconds):
            let loop = group.loops[index]
            loop.heartbeat.awaitsTurn()
            logger.logLimited(
                .warning, "loop.stuck",
                [
                    "loop": "\(index)", "milliseconds": "\(nanoseconds / 1_000_000)",
                    "stack": loop.stack().joined(separator: ","),
                ])
        case .turnsAgain(let index, let since):
            let end = group.loops[index].heartbeat.takeTurned() ?? now
            logger.logLimited(
                .info, "loop.recovered",
                ["loop": "\(index)", "milliseconds": "\((end - since) / 1_000_000)"])
        }
    }
}
