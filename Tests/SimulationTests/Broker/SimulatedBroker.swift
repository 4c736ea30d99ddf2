// One life of a broker in the simulator: put together as at any start, over a simulated disk and clock, with
// sockets that nobody listens on. Its loop, pools and threads do what the history has them do next.
import Base
import Glibc
import LocalStorage
import Simulation

@testable import Broker
@testable import LocalStorage
@testable import Network
@testable import Storage

/// A broker that does nothing by itself.
final class SimulatedBroker: @unchecked Sendable {
    // Threads of a simulation take turns, so that nothing here needs a lock.
    private let threads: SimulatedThreads
    private let clock: SimulatedClock
    private let loop: EventLoop
    private let pool: Network.WorkPool
    private let diskPool: Network.WorkPool
    private let services: NetworkServices
    private let routers = RouterSlot()
    private var storage: LogDirectories?
    private var broker: Broker?
    /// Why it did not start.
    private(set) var failure: String?
    /// Bytes of the journal, so small that it is gone through many times.
    private static let journalAreaBytes = 1 << 16

    /// Begins a start on `disk`, which goes on as its thread has turns.
    init(
        on disk: any Disk, _ settings: BrokerSettings, _ threads: SimulatedThreads, _ clock: SimulatedClock,
        _ logger: Logger
    ) throws {
        self.threads = threads
        self.clock = clock
        let loops = try EventLoopGroup(count: 1, clock: clock)
        loop = loops.loops[0]
        let pool = try Network.WorkPool(threadLimit: 0)
        let diskPool = try Network.WorkPool(threadLimit: 0)
        (self.pool, self.diskPool) = (pool, diskPool)
        let room = MemoryRoom(bytes: 1 << 30, bound: .machine)
        let services = NetworkServices(
            limits: NetworkLimits(settings, room: room), loops: loops, pool: pool, logger: logger)
        self.services = services
        threads.start(named: "start") { [self] in
            do {
                var options = LogDirectoryOptions(settings.logDirectory, settings, room)
                options.journalAreaBytes = Self.journalAreaBytes
                let storage = try LogDirectories(
                    [options], metadata: options, disk: disk, clock: clock,
                    background: { diskPool.run($0) }, logger: logger)
                self.storage = storage
                let sockets = BrokerSockets(
                    loops: loops, pool: pool, memory: services.budget, counts: services.counts,
                    connectionsMax: 1_000, listeners: [], routers: routers)
                let made = try Broker.make(
                    settings, BrokerRules(), over: storage, sockets, advertised: [],
                    background: { diskPool.run($0) }, logger: logger, clock: clock)
                made.broker.beginWork(made)
                made.broker.openPartitions(made)
                self.broker = made.broker
            } catch { failure = "\(error)" }
        }
    }

    /// Whether it takes connections.
    var isUp: Bool { broker != nil }

    /// Something that can happen next.
    enum Move {
        case thread(SimulatedThreads.Ready)
        case networkPool, diskPool
    }

    /// What can happen next, beside a turn of the loop.
    var moves: [Move] {
        var moves = threads.ready.map { Move.thread($0) }
        if pool.waitingCount > 0 { moves.append(.networkPool) }
        if diskPool.waitingCount > 0 { moves.append(.diskPool) }
        return moves
    }

    /// Makes a move; its name.
    func make(_ move: Move) -> String {
        switch move {
        case .thread(let ready):
            threads.run(ready)
            return "\(ready.name) \(ready.number)"
        case .networkPool:
            take(pool, "network pool")
            return "network pool"
        case .diskPool:
            take(diskPool, "disk pool")
            return "disk pool"
        }
    }

    /// Work of a pool may wait, so it is a thread for that time.
    private func take(_ pool: Network.WorkPool, _ name: String) {
        threads.start(named: name) { _ = pool.step() }
        if let started = threads.ready.last { threads.run(started) }
    }

    func turnLoop() { loop.step(mayWait: false) }

    /// The client's end of a new connection.
    func connect() throws -> Int32 {
        guard let broker else { throw Violation(description: "there is no broker to connect to") }
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0, let host = SocketAddress.Host("127.0.0.1") else {
            throw Violation(description: "no sockets: errno \(errno)")
        }
        let peer = SocketAddress(host: host, port: 1)
        let context = ConnectionContext(
            listener: ListenerAddress(host: "127.0.0.1", port: 9092), limits: services.limits,
            counts: services.counts, budget: services.budget, pool: services.pool, logger: services.logger,
            makeSecurity: nil)
        try services.counts.admit(peer.host)
        let connection = Connection(
            descriptor: ends[1], peer: peer, loop: loop, context: context, handler: routers.handler)
        loop.connectionJoins()
        let session = Session(
            broker, on: loop, listener: context.listener.name, local: peer, peer: peer)
        loop.post {
            connection.assumeIsolated {
                $0.attachment = session
                $0.open()
            }
        }
        return ends[0]
    }

    /// Stops it as a signal does, without waiting for replies; whether the directory was left clean.
    func stop() throws -> Bool {
        closeConnections()
        let isClean = Mark()
        threads.start(named: "stop") { [self] in
            guard let broker else { return }
            broker.groups.stop()
            broker.transactions.stop()
            if case .success = broker.stopKeeping(by: clock.monotonicNanoseconds() + 8_000_000_000) {
                isClean.set(true)
            }
        }
        try end()
        return isClean.isSet
    }

    /// Ends what is left of it after a crash, which nobody sees any more.
    func abandon() throws {
        closeConnections()
        // Logs that are closed in the middle of a start would have it wait for ever.
        try runOut { !isUp && failure == nil }
        threads.start(named: "abandon") { [self] in
            guard let broker else { return storage?.abandon() ?? () }
            // Who waits for a round would hold it.
            broker.groups.stop()
            broker.transactions.stop()
            broker.cleaner.stop()
            broker.upkeep.stop()
            broker.moves.stop()
            broker.catalog.stop(by: clock.monotonicNanoseconds() + 1_000_000_000, clock)
            let metadata = storage?.metadataDirectory.log(of: Self.metadata)
            storage?.abandon()
            // A log that is closed tells nobody who waits for the disk; the crash would have ended them.
            metadata?.state.withLock { $0.observer }?.logFailed(.closed(path: "\(Self.metadata)"))
        }
        try end()
    }

    private static let metadata = TopicPartition(
        topic: TopicName.clusterMetadata, partition: PartitionIndex(0))

    private func closeConnections() {
        loop.post { [loop] in loop.closeAll() }
        turnLoop()
    }

    /// Lets everything run until no thread is left.
    private func end() throws {
        try runOut { !threads.names.isEmpty || pool.waitingCount + diskPool.waitingCount > 0 }
        // Whoever waits for a log that is closed would hold the broker, which holds the log.
        if let broker {
            for topic in broker.catalog.topics.all { topic.partitions.forEach { $0.topicWasDeleted() } }
        }
        turnLoop()
        broker = nil
        storage = nil
        try runOut { pool.waitingCount + diskPool.waitingCount > 0 }
        loop.stop()
        routers.fill(nil)
    }

    private func runOut(while isLeft: () -> Bool) throws {
        var rests = 0
        while isLeft() {
            let moves = moves
            for move in moves { _ = make(move) }
            turnLoop()
            guard moves.isEmpty else { continue }
            rests += 1
            guard rests < 10_000 else {
                throw Violation(description: "threads never end: \(threads.names.joined(separator: ", "))")
            }
            clock.advance(milliseconds: 1)
        }
    }
}
