// Well-formed frames with odd values, many at a time, against a broker that has topics, groups and load: it
// stays up, answers others, keeps within its memory and stops in time at any moment.
import Base
import Foundation
import Protocol
import Simulation

/// One run over several starts of a broker, known by its seed.
struct WireFuzz {
    /// The longest that a stop may take.
    static let stopSeconds = 8.0
    private static let attackers = 4
    /// How long the broker runs before it is stopped.
    private static let roundSeconds = 2.0...15.0

    let seed: UInt64
    let seconds: Double
    /// The most memory that the broker may ever take, in MiB.
    var memoryMiB = 400
    /// What is done to the broker once it is under way, to see that it is noticed.
    var sabotage: @Sendable (BrokerProcess) -> Void = { _ in }

    /// What came of it.
    struct Report {
        var starts = 0
        var frames = 0
        var replies = 0
        var latencies: [Duration] = []
        var peakMiB = 0
        var longestStop = Duration.zero
        var problems: [String] = []

        /// All that in one line.
        var summary: String {
            let sorted = latencies.sorted()
            let p99 = sorted.isEmpty ? .zero : sorted[sorted.count * 99 / 100]
            return """
                \(starts) starts, \(frames) odd frames, \(replies) replies, well-behaved p99 \(p99) of \
                \(sorted.count) (longest \(sorted.last ?? .zero)), at most \(peakMiB) MiB, \
                longest stop \(longestStop), \(problems.count) problems
                """
        }
    }

    /// Runs until the time is over or something is wrong.
    func run() async throws -> Report {
        var report = Report()
        var random = SeededRandom(seed: seed)
        let end = ContinuousClock.now + .seconds(seconds)
        let broker = try await BrokerProcess([("offsets.topic.num.partitions", "4")])
        while true {
            report.starts += 1
            let left = Double((end - ContinuousClock.now).components.seconds)
            let length = min(max(1, left), Double.random(in: Self.roundSeconds, using: &random))
            try await round(broker, seed: random.next(), seconds: length, &report)
            guard report.problems.isEmpty, ContinuousClock.now < end else { break }
            do { try await broker.restart() } catch {
                report.problems.append("it does not start again: \(error)")
                break
            }
        }
        if !report.problems.isEmpty { print("the broker's log:\n\(broker.log.suffix(6_000))") }
        broker.command.signal(SIGKILL)
        return report
    }

    private func round(
        _ broker: BrokerProcess, seed: UInt64, seconds: Double, _ report: inout Report
    ) async throws {
        let round = FuzzRound(port: broker.port)
        try FuzzLoad.prepare(port: broker.port)
        var threads: [@Sendable () -> Void] = [
            { FuzzLoad(round).produceAndFetch() }, { FuzzLoad(round).beInGroups() },
            { FuzzLoad(round).behaveWell() },
        ]
        for number in 0..<UInt64(Self.attackers) {
            threads.append {
                var attacker = FuzzAttacker(round, seed: seed &+ number, number: number)
                attacker.run()
            }
        }
        for body in threads { round.start(body) }
        sabotage(broker)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end, broker.isRunning, round.problems.isEmpty {
            try await Task.sleep(for: .milliseconds(50))
        }
        report.peakMiB = max(report.peakMiB, (broker.memoryKiB("VmHWM") ?? 0) / 1024)
        let status = try await stop(broker, round, &report)
        round.end()
        let totals = round.totals
        report.frames += totals.frames
        report.replies += totals.replies
        report.latencies += totals.latencies
        report.problems += totals.problems
        if status != 0 { report.problems.append("it ended with \(status) (seed \(seed))") }
        if report.peakMiB > memoryMiB { report.problems.append("it took \(report.peakMiB) MiB") }
        let marker = broker.directory + "/.kafka_cleanshutdown"
        if status == 0, !FileManager.default.fileExists(atPath: marker) {
            report.problems.append("it left no mark of a clean stop")
        }
    }

    /// Asks it to end in the midst of all that; the exit code.
    private func stop(
        _ broker: BrokerProcess, _ round: FuzzRound, _ report: inout Report
    ) async throws -> Int32 {
        let begun = ContinuousClock.now
        round.expectEnd()
        broker.command.signal(SIGTERM)
        do {
            let status = try await broker.command.wait(seconds: Self.stopSeconds + 0.5)
            report.longestStop = max(report.longestStop, ContinuousClock.now - begun)
            return status
        } catch {
            report.problems.append("it does not stop within \(Self.stopSeconds) s")
            return -1
        }
    }
}

/// What the threads of one start share.
final class FuzzRound: Sendable {
    struct Totals {
        var frames = 0
        var replies = 0
        var latencies: [Duration] = []
        var problems: [String] = []
    }
    private struct State {
        var totals = Totals()
        /// The broker may close connections from here on.
        var isEnding = false
        var isOver = false
        var running = 0
    }
    let port: Int
    private let state = Lock(State())

    init(port: Int) { self.port = port }

    var totals: Totals { state.withLock { $0.totals } }
    var problems: [String] { state.withLock { $0.totals.problems } }
    var isEnding: Bool { state.withLock { $0.isEnding } }
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Runs `body` on a thread of its own.
    func start(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.running += 1 }
        Thread.detachNewThread { [self] in
            body()
            state.withLock { $0.running -= 1 }
        }
    }

    /// Takes note that the broker is going to be stopped.
    func expectEnd() { state.withLock { $0.isEnding = true } }

    /// Waits until all threads have ended.
    func end() {
        state.withLock { $0.isOver = true }
        for _ in 0..<1_000 where state.withLock({ $0.running > 0 }) { pause(milliseconds: 10) }
    }

    func count(frames: Int = 0, replies: Int = 0) {
        state.withLock {
            $0.totals.frames += frames
            $0.totals.replies += replies
        }
    }
    func took(_ time: Duration) { state.withLock { $0.totals.latencies.append(time) } }

    /// Something that must not be; while the broker stops, clients may see anything.
    func problem(_ text: String) {
        state.withLock { state in
            if !state.isEnding, state.totals.problems.count < 20 { state.totals.problems.append(text) }
        }
    }
}
