import Base
import Glibc
import Synchronization
import Testing

@testable import Network

private let second: Int64 = 1_000_000_000

/// Looks of a watchdog with a limit of a second, once a second, at one loop.
private struct Looks {
    var stuck = StuckLoops(count: 1, limit: second)
    var now: Int64 = 0

    /// A look after `rest` at a loop that has been in one turn since `turnBegan`, or sleeps.
    mutating func next(steps: Int, turnBegan: Int64?, rest: Int64 = second) -> [LoopReport] {
        now += rest
        return stuck.look([LoopSample(steps: steps, turnBegan: turnBegan)], at: now, since: now - rest)
    }
}

@Test("a turn that does not end is reported after one limit, at doubling times, and once when it is over")
func stuckTurnIsReported() {
    var looks = Looks()
    var reported: [Int64] = []
    for _ in 0..<20 {
        for report in looks.next(steps: 1, turnBegan: 0) {
            guard case .stuck(loop: 0, let nanoseconds) = report else { return #expect(Bool(false)) }
            reported.append(nanoseconds / second)
        }
        #expect(!looks.stuck.isQuiet)
    }
    #expect(reported == [1, 2, 4, 8, 16])
    #expect(looks.next(steps: 2, turnBegan: nil) == [.turnsAgain(loop: 0, since: 0)])
    #expect(looks.next(steps: 2, turnBegan: nil) == [])
    #expect(looks.stuck.isQuiet)
}

@Test("the turn behind a stuck one is looked at from its own begin")
func nextTurnBeginsAnew() {
    var looks = Looks()
    #expect(looks.next(steps: 1, turnBegan: 0) == [.stuck(loop: 0, nanoseconds: second)])
    let next = looks.now + second / 2
    #expect(looks.next(steps: 2, turnBegan: next) == [.turnsAgain(loop: 0, since: 0)])
    #expect(looks.next(steps: 2, turnBegan: next) == [.stuck(loop: 0, nanoseconds: second * 3 / 2)])
}

@Test(
    "loops that sleep or turn are not reported, and only those that slept since the last look are quiet",
    arguments: [true, false])
func othersAreNotReported(sleeps: Bool) {
    var looks = Looks()
    for step in 1...100 {
        let began = sleeps ? nil : looks.now + second - 1
        #expect(looks.next(steps: sleeps ? 1 : step, turnBegan: began) == [])
        #expect(looks.stuck.isQuiet == (sleeps && step > 1))
    }
    #expect(looks.next(steps: 101, turnBegan: nil) == [])
    #expect(!looks.stuck.isQuiet)
}

@Test("a look that comes far too late blames no loop, and the next one does")
func stoppedProcess() {
    var looks = Looks()
    #expect(looks.next(steps: 1, turnBegan: 0, rest: 10 * second) == [])
    #expect(looks.next(steps: 1, turnBegan: 0) == [.stuck(loop: 0, nanoseconds: 11 * second)])
}

/// Loops with a watchdog whose limit is short, and what it logged.
private final class WatchedGroup {
    let group: EventLoopGroup
    let watchdog: LoopWatchdog
    let log = LogLines()

    init(limit: Duration) throws {
        group = try EventLoopGroup(count: 2)
        watchdog = LoopWatchdog(
            group, limit: limit,
            logger: Logger(sink: { [log] line in log.lines.withLock { $0.append(line) } }))
        try group.start()
        try watchdog.start()
    }

    deinit {
        _ = try? group.stop(within: .zero)
        watchdog.stop()
    }

    func lines(_ event: String, loop: Int) -> [String] {
        log.lines.withLock { $0.filter { $0.contains(" \(event) loop=\(loop) ") } }
    }

    /// Waits until `condition` holds, at most ten seconds.
    func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            usleep(5000)
        }
        return condition()
    }
}

private final class Gate: Sendable {
    let isWanted = Atomic<Bool>(true)
}

/// What keeps a loop from turning.
enum Hindrance: CaseIterable, Sendable {
    case computing, waiting

    @inline(never)
    func stand(while isWanted: @Sendable () -> Bool) {
        while isWanted() { if self == .waiting { usleep(300_000) } }
    }
}

@Test("a loop that stands is logged with its stack, and again when it turns", arguments: Hindrance.allCases)
func standingLoopIsLogged(hindrance: Hindrance) throws {
    let watched = try WatchedGroup(limit: .milliseconds(50))
    let gate = Gate()
    watched.group.loops[1].post { hindrance.stand { gate.isWanted.load(ordering: .relaxed) } }
    // Up from the loop's work to its thread there are several calls, all in files that are known; a processor
    // that has too much to do may keep the thread from answering in time once.
    let isLogged = watched.eventually {
        watched.lines("loop.stuck", loop: 1).contains { line in
            let places = line.split(separator: "stack=").last?.split(separator: ",") ?? []
            return places.count > 4 && places.allSatisfy { $0.contains("+0x") }
        }
    }
    #expect(watched.lines("loop.recovered", loop: 1).isEmpty)
    gate.isWanted.store(false, ordering: .relaxed)
    #expect(isLogged)
    #expect(watched.eventually { !watched.lines("loop.recovered", loop: 1).isEmpty })
}

@Test("a watchdog does not wake up while its loops sleep, and looks again once one is awake")
func idleWatchdogSleeps() throws {
    let watched = try WatchedGroup(limit: .milliseconds(20))
    for _ in 0..<3 {
        let isQuiet = (0..<20).contains { _ in
            let before = watched.watchdog.wakeUps
            usleep(200_000)
            return watched.watchdog.wakeUps == before
        }
        #expect(isQuiet)
        let before = watched.watchdog.wakeUps
        watched.group.loops[0].post {}
        #expect(watched.eventually { watched.watchdog.wakeUps > before })
    }
}
