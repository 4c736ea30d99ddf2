// A history: lives of a broker and what clients do meanwhile, all decided by one seed. At each step one thing
// goes on: a client, a turn of the loop, a thread, a piece of a pool's work, or the clock; and now and then
// the power goes.
import Base
import Simulation
import Storage

@testable import Broker

/// One history.
final class BrokerHistory {
    var random: SeededRandom
    let clock = SimulatedClock()
    let promise = BrokerPromise()
    private(set) var broker: SimulatedBroker
    /// Whether faults have ended: everything that was begun is brought to its end.
    private(set) var isSettling = false
    private let seed: UInt64
    /// Whether its transactional ids have few epochs left.
    private let isUsedUp: Bool
    let bug: BrokerBug?
    private let threads: SimulatedThreads
    private var disk: SimulatedDisk
    private var settings: BrokerSettings
    private var clients: [SimulatedClient] = []
    private let trace: Trace?
    /// Things that clients and accidents did.
    private(set) var events = 0
    private(set) var crashes = 0
    private var steps = 0
    /// A history in which less happens hangs.
    private static let stepsMax = 40_000

    /// The history of `seed`, with a planted bug or without.
    init(seed: UInt64, bug: BrokerBug? = nil, trace: Trace? = nil) throws {
        self.seed = seed
        self.bug = bug
        self.trace = trace
        random = SeededRandom(seed: seed)
        threads = SimulatedThreads(clock: clock, seed: random.next())
        disk = SimulatedDisk(seed: random.next())
        settings = BrokerHistory.settings(&random)
        let logger = BrokerHistory.logger(trace, clock)
        isUsedUp = random.chance(30)
        broker = try Stepping.run(by: threads) { [threads, disk, settings, clock, isUsedUp] in
            try SimulatedBroker(
                on: isUsedUp ? used(disk) : faulty(disk, bug), settings, threads, clock, logger)
        }
    }

    var now: Int64 { clock.monotonicNanoseconds() }

    /// What the broker takes a producer for that sends a batch.
    func seen(_ producer: (id: Int64, epoch: Int16), by batch: SentBatch) -> (id: Int64, epoch: Int16)? {
        bug == .producersForgotten && crashes > 0 ? nil : producer
    }

    /// Whether a transactional id that was used at `moment` last may be forgotten by now.
    func expires(_ moment: Int64) -> Bool {
        now >= moment + Int64(settings.transactionalIDExpirationMilliseconds) * 1_000_000
    }

    /// What the broker takes a reader for that wants committed records only.
    func asksFor(_ isCommitted: Bool) -> Bool { isCommitted && bug != .stableTooEarly }

    /// Notes what happens, for who reads the trace of a seed.
    func tell(_ line: @autoclosure () -> String) {
        trace?.add("\(now / 1_000_000) \(line())")
    }

    private static func logger(_ trace: Trace?, _ clock: SimulatedClock) -> Logger {
        Logger(level: trace == nil ? .error : .info, clock: clock) { line in trace?.add("  \(line)") }
    }

    /// A configuration in which things that are rare happen often.
    private static func settings(_ random: inout SeededRandom) -> BrokerSettings {
        var settings = BrokerSettings()
        settings.logDirectory = "/data"
        settings.diskReserveBytes = 0
        settings.autoCreateTopics = false
        settings.offsetsPartitions = 2
        settings.cleanerMapBytes = 1 << 16
        settings.topics.segmentBytes = Int32.random(in: 3_000...8_000, using: &random)
        settings.offsetsSegmentBytes = 1 << 20
        settings.transactionsPartitions = 2
        settings.transactionsSegmentBytes = 1 << 20
        settings.metadataSnapshotBytes = Int64.random(in: 500...5_000, using: &random)
        settings.checkpointMilliseconds = Int32.random(in: 100...5_000, using: &random)
        if random.chance(40) {
            settings.transactionalIDExpirationMilliseconds = Int32.random(in: 10_000...60_000, using: &random)
            settings.transactionExpiryCheckMilliseconds = 2_000
        }
        settings.groupMinSessionMilliseconds = 1_000
        settings.consumerSessionMilliseconds = 10_000
        settings.consumerHeartbeatMilliseconds = 1_000
        return settings
    }

    /// Runs all of it.
    func run() throws {
        try Stepping.run(by: threads) {
            defer { endAll() }
            try setUp()
            let length = Int.random(in: 200...320, using: &random)
            var accidents = (0..<Int.random(in: 2...4, using: &random)).map { _ in
                Int.random(in: 10..<length, using: &random)
            }.sorted()
            while events < length {
                steps += 1
                guard steps < Self.stepsMax else {
                    throw Violation(description: "nothing goes on: \(threads.names.joined(separator: ", "))")
                }
                if let next = accidents.first, events >= next {
                    accidents.removeFirst()
                    try endLife(mayStop: crashes + accidents.count >= 2)
                }
                try step()
            }
            while crashes < 2 { try endLife(mayStop: false) }
            try settle()
        }
    }

    private func setUp() throws {
        try pump(until: { broker.isUp })
        try promise.beginTopics(self)
        try findCoordinators()
        if isUsedUp {
            try useUp(["first", "shared", "second"])
            try broker.abandon()
            try begin(on: disk.afterKill())
            try pump(until: { broker.isUp })
        }
        for number in 0..<2 { clients.append(IdempotentProducer(number, self)) }
        clients.append(PlainProducer(2, self))
        for number in 3..<5 { clients.append(Fetcher(number, self)) }
        clients.append(AdminClient(5, self))
        clients.append(OffsetsClient(6, self))
        if random.chance(60) { for number in 7..<10 { clients.append(ClassicMember(number, self)) } }
        if random.chance(60) { for number in 10..<13 { clients.append(ConsumerMember(number, self)) } }
        if random.chance(85) {
            // As in Kafka, the lost answer to a former owner's EndTxn of version 2 passes for the present
            // one's where that speaks version 1: those who share an id speak the same.
            let isShared = random.chance(60)
            let isOld = (0..<3).map { _ in random.chance(40) }
            let isFlexible = (0..<3).map { _ in random.chance(50) }
            clients.append(
                TransactionalClient(
                    13, self, "first", isSole: true, isOld: isOld[0], isFlexible: isFlexible[0]))
            clients.append(
                TransactionalClient(
                    14, self, "shared", isSole: !isShared, isOld: isOld[1],
                    isFlexible: isFlexible[1] && !isShared))
            clients.append(
                TransactionalClient(
                    15, self, isShared ? "shared" : "second", isSole: !isShared,
                    isOld: isOld[isShared ? 1 : 2], isFlexible: isFlexible[2] && !isShared))
        }
    }

    // MARK: Steps

    /// One thing happens, whatever the seed wants.
    private func step() throws {
        let choice = Int.random(in: 0..<100, using: &random)
        switch choice {
        case ..<40:
            if let client = clients.randomElement(using: &random), try client.act() { events += 1 }
        case ..<62: turnLoop()
        case ..<92:
            if let move = broker.moves.randomElement(using: &random) {
                let made = broker.make(move)
                tell("  \(made)")
            } else {
                turnLoop()
            }
        case ..<98: clock.advance(milliseconds: Int64.random(in: 1...20, using: &random))
        default: clock.advance(milliseconds: Int64.random(in: 100...3_000, using: &random))
        }
        if disk.isDead { try crash() }
        if let failure = broker.failure {
            throw Violation(description: "the broker does not start: \(failure)")
        }
    }

    private func turnLoop() {
        tell("  loop")
        broker.turnLoop()
    }

    /// Lets everything run, whoever comes first, until `isDone`; `what` is said if that never comes.
    func pump(_ what: () -> String = { "something" }, until isDone: () throws -> Bool) throws {
        var rest: Int64 = 1
        let limit = now + 600_000_000_000
        while try !isDone() {
            let moves = broker.moves
            for move in moves { _ = broker.make(move) }
            broker.turnLoop()
            if let failure = broker.failure {
                throw Violation(description: "the broker does not start: \(failure)")
            }
            guard moves.isEmpty else {
                rest = 1
                continue
            }
            guard now < limit else { throw Violation(description: "\(what()) never ends") }
            clock.advance(milliseconds: rest)
            rest = min(rest * 2, 200)
        }
    }

    // MARK: Ends

    /// The power goes now, or soon, or the broker is stopped.
    private func endLife(mayStop: Bool) throws {
        switch Int.random(in: 0..<10, using: &random) {
        case ..<4: disk.crash(after: Int.random(in: 0...12, using: &random))
        case ..<6 where mayStop && broker.isUp: try stop()
        default: try crash()
        }
        // What is to come soon comes before the end of the history.
        for _ in 0..<400 where disk.willCrash { try step() }
        if disk.willCrash { try crash() }
    }

    private func crash() throws {
        crashes += 1
        events += 1
        let isKill = random.chance(35)
        tell(isKill ? "KILLED" : "POWER CUT")
        let next = isKill ? disk.afterKill() : disk.afterPowerCut()
        for client in clients { client.brokerIsGone() }
        try broker.abandon()
        try begin(on: next)
    }

    private func stop() throws {
        events += 1
        tell("STOP")
        for client in clients { client.brokerIsGone() }
        guard try broker.stop() else { throw Violation(description: "a stop was not clean") }
        try begin(on: disk.afterPowerCut())
    }

    private func begin(on next: SimulatedDisk) throws {
        disk = next
        promise.restarted()
        broker = try SimulatedBroker(
            on: faulty(disk, bug), settings, threads, clock, BrokerHistory.logger(trace, clock))
    }

    /// Faults end: every client brings to its end what it began, and then everything is looked at.
    private func settle() throws {
        isSettling = true
        tell("SETTLES")
        let busy = { [self] in clients.filter { !$0.isQuiet }.map(\.name).joined(separator: ", ") }
        try pump({ "what is under way of \(busy())" }) {
            var isMoving = false
            for client in clients where try client.act() { isMoving = true }
            return !isMoving && broker.isUp && clients.allSatisfy(\.isQuiet)
        }
        try promise.verify(self)
    }

    private func endAll() {
        for client in clients { client.brokerIsGone() }
        clients = []
        try? broker.abandon()
    }
}
