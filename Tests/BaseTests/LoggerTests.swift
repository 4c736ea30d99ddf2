// Log lines that peers can cause: as many as help, and then their number.
import Testing

@testable import Base

private final class StepClock: BrokerClock {
    private let time = Lock<Int64>(0)
    func monotonicNanoseconds() -> Int64 { time.withLock { $0 } }
    func wallTime() -> Timestamp { Timestamp(milliseconds: monotonicNanoseconds() / 1_000_000) }
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }
}

private final class Lines: Sendable {
    private let lines = Lock<[String]>([])
    /// What was logged, without the times.
    var texts: [String] { lines.withLock { $0.map { String($0.drop { $0 != " " }.dropFirst()) } } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

@Test("of what peers can cause the first lines are logged, then how many more there were")
func limitedEvents() {
    let (clock, lines) = (StepClock(), Lines())
    let logger = Logger(clock: clock) { lines.add($0) }
    for _ in 0..<10_000 { logger.logLimited(.warning, "broken") }
    for _ in 0..<3 { logger.logLimited(.info, "other") }
    #expect(lines.texts.count == EventLimiter.linesPerWindow + 3)
    #expect(lines.texts.last == "info other")
    clock.advance(seconds: 61)
    logger.logLimited(.warning, "broken", ["peer": "p"])
    let rest = 10_000 - EventLimiter.linesPerWindow
    #expect(lines.texts.suffix(2) == ["warning broken suppressed=\(rest)", "warning broken peer=p"])
    logger.logSuppressed()
    #expect(lines.texts.last == "warning broken peer=p", "everything has been said")
}

@Test("what was left out is said at the stop, once")
func suppressedAtStop() {
    let lines = Lines()
    let logger = Logger(clock: StepClock()) { lines.add($0) }
    for _ in 0..<70 { logger.logLimited(.error, "b") }
    for _ in 0..<60 { logger.logLimited(.info, "a") }
    logger.logSuppressed()
    logger.logSuppressed()
    #expect(lines.texts.suffix(2) == ["info a suppressed=10", "error b suppressed=20"])
    #expect(lines.texts.count == 102)
}

@Test("events of the broker itself are never left out, and levels still decide")
func unlimitedEvents() {
    let lines = Lines()
    let logger = Logger(level: .warning, clock: StepClock()) { lines.add($0) }
    for _ in 0..<1000 { logger.log(.warning, "mine") }
    for _ in 0..<1000 { logger.logLimited(.info, "below") }
    logger.logSuppressed()
    #expect(lines.texts.count == 1000)
}
