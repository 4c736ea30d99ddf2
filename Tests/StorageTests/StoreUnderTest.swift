// What the suite for engines needs to handle a store of one, and the two engines that it knows.
import Base
import Simulation
import Storage
import Testing

/// How a store begins.
struct StoreSetup: Sendable {
    var seed: UInt64
    var config = LogConfig.small
    /// The offset of its first record.
    var start = Offset.zero
}

extension LogConfig {
    /// Little data makes many pieces, none of which is deleted.
    static var small: LogConfig {
        var config = LogConfig()
        config.segmentBytes = 1500
        config.indexIntervalBytes = 200
        config.retentionAge = nil
        return config
    }
}

/// How the life of a store ends.
enum StoreEnding: CaseIterable, Sendable {
    case cleanStop, crash
}

/// One store of an engine, and the levers that the suite pulls.
protocol StoreUnderTest: AnyObject {
    /// The store as it was opened last; nothing is attached to it.
    var store: any LogStore { get }
    var clock: SimulatedClock { get }
    /// Makes a little of what was appended durable.
    func step()
    /// Makes everything that was appended durable, unless that fails, and does all work that waits.
    func flush()
    /// Has lookups answered that are to be answered later.
    func answer()
    /// Has the next append refused, once.
    func refuseNextAppend()
    /// Has the next attempt fail to make something durable.
    func failNextSync()
    /// Ends the life of the store as a clean stop of its engine does, or fails where that cannot be.
    func stop() throws
    /// Ends the life of the store, and begins another one.
    func reopen(after ending: StoreEnding) throws
}

/// The engines that the suite runs on.
enum TestedEngine: CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, local

    var testDescription: String { "\(self)" }

    func make(_ setup: StoreSetup) throws -> any StoreUnderTest {
        switch self {
        case .memory: MemoryRig(setup)
        case .local: try LocalRig(setup)
        }
    }
}

/// Work for a pool that a test has done when it likes.
final class Jobs: Sendable {
    private let waiting = Lock<[@Sendable () -> Void]>([])

    func add(_ job: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(job) } }

    /// Does everything that waits.
    func run() {
        while let job = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { job() }
    }
}

/// Random numbers that several hands draw.
final class SharedRandom: Sendable {
    private let random: Lock<SeededRandom>

    init(seed: UInt64) { random = Lock(SeededRandom(seed: seed)) }

    func draw(_ range: Range<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }
}
