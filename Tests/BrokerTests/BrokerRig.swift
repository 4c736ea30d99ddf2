// A whole broker within the test: router, handlers, topics and logs are the real ones, over a simulated disk
// and a clock that stands still. Nothing happens by itself: the test steps the loop and the pools, and takes
// the flusher's turns.
import Base
import Glibc
import Protocol
import Security
import Simulation
import Testing

@testable import Broker
@testable import LocalStorage
@testable import Network
@testable import Storage

/// A broker that is run step by step; clients of `connect` are its only peers.
final class BrokerRig {
    let disk: SimulatedDisk
    let clock = SimulatedClock()
    let broker: Broker
    let loop: EventLoop
    let lines = DirectoryRig.Lines()
    private let services: NetworkServices
    private let router: Router
    private let diskPool: Network.WorkPool
    /// What the broker keeps its logs in.
    let storage: LogDirectories

    /// A broker on `disk`, where another one may have been before; partitions that it made are opened when
    /// somebody asks for them.
    init(
        on disk: SimulatedDisk = SimulatedDisk(seed: 1), rules: BrokerRules = BrokerRules(),
        _ change: (inout BrokerSettings) -> Void = { _ in }
    ) throws {
        self.disk = disk
        var settings = BrokerSettings()
        settings.logDirectory = "/data"
        change(&settings)
        let logger = lines.logger
        let loops = try EventLoopGroup(count: 1, clock: clock)
        let pool = try Network.WorkPool(threadLimit: 0)
        let diskPool = try Network.WorkPool(threadLimit: 0)
        let storage = try LogDirectories(
            settings, disk: disk, clock: clock, background: { diskPool.run($0) }, logger: logger)
        try storage.start(startsThreads: false)
        let metadata = try BrokerRig.metadata(storage.metadataDirectory, clock)
        let worker = SerialWorker()
        let catalog = try TopicCatalog(
            metadata: metadata, storage: storage, settings: settings, worker: worker,
            background: { diskPool.run($0) }, logger: logger)
        let room = MemoryRoom(bytes: 1 << 30, bound: .machine)
        services = NetworkServices(
            limits: NetworkLimits(settings, room: room), loops: loops, pool: pool, logger: logger)
        let parts = BrokerParts(
            storage: storage, catalog: catalog,
            producerIDs: ProducerIDs(metadata: metadata, worker: worker, nodeID: settings.nodeID),
            sockets: BrokerSockets(
                loops: loops, pool: pool, memory: services.budget, counts: services.counts,
                connectionsMax: 1_000,
                listeners: [], routers: RouterSlot()),
            advertised: [], rules: rules)
        try catalog.takeLeadership()
        broker = Broker(parts, logger: logger, clock: clock)
        router = Router(broker)
        loop = loops.loops[0]
        self.diskPool = diskPool
        self.storage = storage
    }

    deinit {
        loop.post { [loop] in loop.closeAll() }
        step()
        storage.abandon()
    }

    /// A metadata log whose appends never wait, as the thread that would sync it is the one that waits.
    private static func metadata(_ storage: LogDirectory, _ clock: SimulatedClock) throws -> MetadataLog {
        var config = LogConfig()
        config.durability = .os
        let partition = TopicPartition(topic: TopicName.clusterMetadata, partition: PartitionIndex(0))
        let isNew = try storage.partitions().allSatisfy { $0.partition != partition }
        let log =
            try isNew
            ? storage.createPartition(partition, id: .metadataTopic, config: config, kind: .metadata)
            : storage.openPartition(partition, id: .metadataTopic, config: config, kind: .metadata)
        let metadata = try MetadataLog(log: log, clock: clock)
        if isNew {
            try metadata.append(
                Features.initial.map { name, level in
                    var feature = FeatureLevelRecord()
                    (feature.name, feature.featureLevel) = (name, level)
                    return .featureLevel(feature)
                })
        }
        return metadata
    }

    /// Lets loop and pools run until none of them has anything left to do; without `pool` the work of both
    /// pools stays.
    func step(pool mayRun: Bool = true) {
        for _ in 0..<8 {
            loop.step(mayWait: false)
            while mayRun, diskPool.step() {}
            while mayRun, services.pool.step() {}
        }
    }

    /// Lets the sockets' pool run, and not that of the disk.
    func stepNetworkPool() { while services.pool.step() {} }

    /// Ends what is under way, takes the flusher's turns until everything is synced, and lets the loop act on
    /// that.
    func flush() {
        step()
        takeTurns()
        step()
    }

    /// Takes the flusher's turns until everything is synced.
    func takeTurns() { for directory in storage.all { while directory.flusher.flushOnce() {} } }

    /// Moves the clock, and lets what came due happen; without `pool` the work of both pools stays.
    func advance(milliseconds: Int64, pool mayRun: Bool = true) {
        clock.advance(milliseconds: milliseconds)
        step(pool: mayRun)
    }

    /// Calls `body` on the loop, where the state of connections and timers may be looked at.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) -> Value) throws -> Value {
        let result = Lock<Value?>(nil)
        loop.post { [loop] in
            let value = body(loop)
            result.withLock { $0 = value }
        }
        loop.step(mayWait: false)
        return try #require(result.withLock { $0 })
    }

    /// Bytes that all connections hold.
    var heldBytes: Int { services.budget.usedBytes }
    /// Pieces of work that wait for the pool.
    var poolWork: Int { services.pool.waitingCount }
    /// The same for the pool that reads from the disk.
    var diskWork: Int { diskPool.waitingCount }

    /// A topic that was made by the catalog.
    @discardableResult
    func topic(_ name: Name, partitions: Int32 = 1, _ configs: [Name: String] = [:]) throws -> Topic {
        var topic = NewTopic(name: name)
        topic.partitionCount = partitions
        topic.configs = configs
        let wanted = topic
        try waitForCatalog { done in
            broker.catalog.create([wanted], by: "test", validateOnly: false) { results in
                done(results.allSatisfy { if case .success = $0 { true } else { false } })
            }
        }
        return try #require(broker.catalog.topics[name])
    }

    /// Deletes a topic, directory and all.
    func delete(_ name: Name) throws {
        try waitForCatalog { done in
            broker.catalog.delete([TopicReference(name: name, id: .zero)], by: "test") { results in
                done(results.allSatisfy { if case .success = $0 { true } else { false } })
            }
        }
    }

    private func waitForCatalog(_ change: (@escaping @Sendable (Bool) -> Void) -> Void) throws {
        let signal = Signal()
        let isGood = Lock(false)
        change { result in
            isGood.withLock { $0 = result }
            signal.raise()
        }
        signal.wait()
        try #require(isGood.withLock { $0 })
    }

    /// A client on one end of a pair of sockets, whose other end is a connection of the broker.
    func connect(as principal: Principal = .anonymous) throws -> RigClient {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        let peer = SocketAddress(host: try #require(SocketAddress.Host("127.0.0.1")), port: 1)
        let context = ConnectionContext(
            listener: ListenerAddress(host: "127.0.0.1", port: 9092), limits: services.limits,
            counts: services.counts, budget: services.budget, pool: services.pool, logger: services.logger,
            makeSecurity: nil)
        try services.counts.admit(peer.host)
        let connection = Connection(
            descriptor: ends[1], peer: peer, loop: loop, context: context, handler: router)
        loop.connectionJoins()
        let session = Session(
            broker, on: loop, listener: context.listener.name, local: peer, peer: peer, principal: principal)
        loop.post {
            connection.assumeIsolated {
                $0.attachment = session
                $0.open()
            }
        }
        step()
        return RigClient(rig: self, descriptor: ends[0])
    }
}

/// A client that sends requests as messages and gets replies as messages.
final class RigClient {
    private unowned let rig: BrokerRig
    private let descriptor: Int32
    private var isConnected = true
    private var received: [UInt8] = []
    private var lastCorrelationID: Int32 = 0

    init(rig: BrokerRig, descriptor: Int32) {
        self.rig = rig
        self.descriptor = descriptor
    }

    deinit { vanish() }

    /// Ends the connection from this side.
    func vanish() {
        guard isConnected else { return }
        isConnected = false
        close(descriptor)
    }

    /// Sends one request; the broker has read it when this returns.
    func send(_ request: some RequestMessage, version: Int16, pool: Bool = true) throws {
        lastCorrelationID += 1
        try send(
            framed: request.frame(correlationID: lastCorrelationID, clientID: "rig", version: version).bytes,
            pool: pool)
    }

    /// Sends bytes as one frame.
    func send(bytes: [UInt8]) throws {
        try send(framed: withUnsafeBytes(of: UInt32(bytes.count).bigEndian, Array.init) + bytes, pool: true)
    }

    private func send(framed bytes: [UInt8], pool: Bool) throws {
        var frame = bytes[...]
        while !frame.isEmpty {
            let count = frame.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0 || errno == EAGAIN)
            frame = frame.dropFirst(max(0, count))
            rig.step(pool: pool)
        }
    }

    /// The next reply, which must be one to a request of `type`; nil while there is none.
    func reply<Reply: ReplyMessage>(_ type: Reply.Type, version: Int16) throws -> Reply? {
        receive()
        guard received.count >= 4 else { return nil }
        let size = received[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard received.count >= 4 + size else { return nil }
        let frame = Array(received[4..<(4 + size)])
        received.removeFirst(4 + size)
        let headerVersion = Reply.key.replyHeaderVersion(version)
        return try Reply(reading: Array(frame[(headerVersion == 0 ? 4 : 5)...]), version: version)
    }

    /// The size of the next reply, which is passed over; nil while there is none.
    func takeReply() -> Int? {
        receive()
        guard received.count >= 4 else { return nil }
        let size = received[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard received.count >= 4 + size else { return nil }
        received.removeFirst(4 + size)
        return size
    }

    /// Whether the broker has ended the connection and everything that it sent was read.
    var isEnded: Bool {
        receive()
        var byte: UInt8 = 0
        return received.isEmpty && recv(descriptor, &byte, 1, Int32(MSG_PEEK)) == 0
    }

    private func receive() {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { return }
            received += part[..<count]
            rig.step(pool: false)
        }
    }
}
