// Start: ports are bound first and the data directory is opened last, so that whatever is wrong outside of it
// leaves it untouched. Connections are accepted only when everything is ready to serve.
package import Base
internal import LocalStorage
internal import Network
internal import Storage

extension Broker {
    /// Where clients leave no processor idle, compaction gets about a tenth of one.
    private static let cleanerNiceness: Int32 = 10

    /// A broker that serves.
    package static func start(
        _ settings: BrokerSettings, logger: Logger, clock: any BrokerClock = SystemClock()
    ) throws(StartError) -> Broker {
        try start(settings, BrokerRules(), logger: logger, clock: clock)
    }

    /// The same with rules of one's own.
    static func start(
        _ settings: BrokerSettings, _ rules: BrokerRules, logger: Logger, clock: any BrokerClock
    ) throws(StartError) -> Broker {
        let begun = clock.monotonicNanoseconds()
        let plan = try listenerPlan(settings)
        let system = SystemLimits.current()
        try system.check()
        let descriptors = DescriptorBudget(
            limit: system.descriptors, connections: Int(settings.maxConnections))
        var limits = NetworkLimits(settings, room: system.room)
        limits.maxConnections = descriptors.connections
        limits.maxConnectionsPerIPOverrides = try settings.maxConnectionsPerAddressOverrides.resolved()
        let sockets = try bind(plan.listeners, settings, limits, logger, clock)
        // Searches of ListOffsets wait on the sockets' pool for reads on this one, so the two are apart.
        let diskPool: Network.WorkPool
        do throws(NetworkError) { diskPool = try Network.WorkPool() } catch {
            throw StartError("cannot start: \(error)")
        }
        let disk = PosixDisk(OpenFiles(limit: descriptors.files, background: { diskPool.run($0) }))
        let storage = try openStorage(settings, disk, clock, system.room, { diskPool.run($0) }, logger)
        let settings = system.bounding(try settings.adopting(storage.owner, of: storage.metadata.path))
        system.warn(limits, asked: settings, logger)
        let made = try make(
            settings, rules, over: storage, sockets, advertised: plan.advertised,
            background: { diskPool.run($0) }, logger: logger, clock: clock)
        let broker = made.broker
        try broker.startLoops()
        broker.beginWork(made)
        for listener in sockets.listeners { listener.start() }
        broker.openPartitions(made)
        broker.tellStarted(descriptors, since: begun)
        return broker
    }

    /// A broker that is put together and leads its partitions, and does nothing by itself yet.
    static func make(
        _ settings: BrokerSettings, _ rules: BrokerRules, over storage: LogDirectories,
        _ sockets: BrokerSockets, advertised: [ListenerAddress], background: @escaping BackgroundRunner,
        logger: Logger, clock: any BrokerClock
    ) throws(StartError) -> MadeBroker {
        let worker = SerialWorker()
        let metadata = try MetadataLog(storage: storage, settings, clock: clock)
        try metadata.beginEpoch(settings, listeners: sockets.listeners, storage: storage)
        UnservedMetadata(metadata.image, nodeID: settings.nodeID, asksRules: settings.authorizerClass != nil)
            .report(to: logger)
        let unfinished = try UnfinishedMoves(metadata.image, storage, logger)
        try StrayPartitions.remove(metadata.image, storage, logger)
        let catalog = try TopicCatalog(
            metadata: metadata, storage: storage, settings: settings, worker: worker,
            background: background, logger: logger)
        try catalog.takeLeadership()
        let unwritten = UnwrittenStart(catalog, storage, logger)
        let ids = ProducerIDs(metadata: metadata, worker: worker, nodeID: settings.nodeID)
        let parts = BrokerParts(
            storage: storage, catalog: catalog, producerIDs: ids, sockets: sockets, advertised: advertised,
            rules: rules)
        let broker = Broker(parts, logger: logger, clock: clock)
        sockets.routers.fill(Router(broker))
        return MadeBroker(broker: broker, unfinished: unfinished, unwritten: unwritten)
    }

    /// Begins what is done now and then, and to read what the groups were.
    func beginWork(_ made: MadeBroker) {
        let settings = settings
        let keeper = MetadataSnapshotKeeper(
            catalog.metadata, in: storage.metadata, MetadataSnapshotLimits(settings), clock: clock,
            logger: logger)
        MetadataUpkeep.begin(keeper, of: storage.metadata, on: upkeep)
        made.unwritten.goOn(on: upkeep)
        groups.start()
        transactions.start()
        upkeep.start()
        cleaner.start(named: "apus-cleaner", niceness: Self.cleanerNiceness)
    }

    /// Opens all partitions in the background.
    func openPartitions(_ made: MadeBroker) {
        catalog.opening.begin(catalog.topics) { [self] in
            storage.resumeUpkeep()
            moves.resume(made.unfinished, of: catalog.topics)
        }
    }

    private func tellStarted(_ descriptors: DescriptorBudget, since begun: Int64) {
        logger.log(
            .info, "broker.started",
            [
                "version": Version.current, "data": storage.places.map(\.path).joined(separator: ","),
                "node": "\(settings.nodeID)",
                "listen": boundAddresses.map { "\($0)" }.joined(separator: ","),
                "durability": settings.durability.rawValue, "connections_max": "\(descriptors.connections)",
                "files_max": "\(descriptors.files)", "topics": "\(catalog.topics.all.count)",
                "milliseconds": "\((clock.monotonicNanoseconds() - begun) / 1_000_000)",
            ])
    }

    private func startLoops() throws(StartError) {
        do throws(NetworkError) {
            try sockets.loops.start()
            try watchdog.start()
        } catch {
            throw StartError("cannot start: \(error)")
        }
    }

    private static func openStorage(
        _ settings: BrokerSettings, _ disk: any Disk, _ clock: any BrokerClock, _ room: MemoryRoom,
        _ background: @escaping BackgroundRunner, _ logger: Logger
    ) throws(StartError) -> LogDirectories {
        do throws(StorageError) {
            return try LogDirectories(
                settings, disk: disk, clock: clock, room: room, background: background, logger: logger)
        } catch {
            throw StartError(error.description)
        }
    }

    private static func listenerPlan(_ settings: BrokerSettings) throws(StartError) -> ListenerPlan {
        do throws(ConfigError) { return try ListenerPlan(settings) } catch {
            throw StartError(error.description)
        }
    }

    private static func bind(
        _ addresses: [ListenerAddress], _ settings: BrokerSettings, _ limits: NetworkLimits,
        _ logger: Logger, _ clock: any BrokerClock
    ) throws(StartError) -> BrokerSockets {
        do throws(NetworkError) {
            let count = settings.eventLoops > 0 ? Int(settings.eventLoops) : Machine.processorCount
            let loops = try EventLoopGroup(count: count, clock: clock)
            let pool = try Network.WorkPool()
            let services = NetworkServices(limits: limits, loops: loops, pool: pool, logger: logger)
            let routers = RouterSlot()
            var listeners: [Listener] = []
            for address in addresses {
                let sharesPort = addresses.contains { $0.port == address.port && $0.name != address.name }
                listeners.append(
                    try Listener(
                        address, sharesPort: sharesPort && address.port != 0, on: loops, services: services,
                        handler: { routers.handler }))
            }
            return BrokerSockets(
                loops: loops, pool: pool, memory: services.budget, counts: services.counts,
                connectionsMax: limits.maxConnections, listeners: listeners, routers: routers)
        } catch {
            throw StartError("\(error)")
        }
    }
}

/// A broker, and what its start left to be done.
struct MadeBroker: Sendable {
    let broker: Broker
    let unfinished: UnfinishedMoves
    let unwritten: UnwrittenStart
}

extension NetworkLimits {
    /// Kafka's default for the queue of new connections is 50, with which the kernel drops some of every
    /// burst, and clients try again only a second later: what is asked for below this is not meant so.
    private static let backlogMin: Int32 = 1024

    /// The limits that the configuration asks for, without those of single hosts, in a process that has
    /// `room` for memory.
    init(_ settings: BrokerSettings, room: MemoryRoom) {
        self.init()
        socketRequestMaxBytes = Int(settings.requestMaxBytes)
        maxConnections = Int(settings.maxConnections)
        maxConnectionsPerIP = Int(settings.maxConnectionsPerAddress)
        idleTimeout = .milliseconds(settings.connectionsIdleMilliseconds)
        sourceTimeout = DiskWait.limit
        listenBacklog = max(Self.backlogMin, settings.listenBacklog)
        memory =
            settings.requestMemoryBytes > 0
            ? MemoryShares(requestBytes: Int(clamping: min(settings.requestMemoryBytes, 1 << 40)))
            : MemoryShares(of: room, requestMaxBytes: socketRequestMaxBytes)
    }
}

extension LogDirectories {
    /// The data directories that the configuration names, in a process that has `room` for memory.
    convenience init(
        _ settings: BrokerSettings, disk: any Disk, clock: any BrokerClock, room: MemoryRoom = .current(),
        background: @escaping BackgroundRunner, logger: Logger
    ) throws(StorageError) {
        try self.init(
            settings.dataDirectories.map { LogDirectoryOptions($0, settings, room) },
            metadata: LogDirectoryOptions(settings.metadataDirectory, settings, room), disk: disk,
            clock: clock,
            background: background, logger: logger)
    }
}

extension LogDirectoryOptions {
    /// The data directory at `path`; ids are for a directory that is made anew.
    init(_ path: String, _ settings: BrokerSettings, _ room: MemoryRoom) {
        self.init(
            path: path, clusterID: Name(UUID.random().description), nodeID: settings.nodeID,
            directoryID: UUID.random(), version: Version.current)
        reserveBytes = settings.diskReserveBytes
        syncsLater = true
        unsyncedBytesMax =
            settings.unsyncedMaxBytes > 0
            ? Int(settings.unsyncedMaxBytes) : Self.unsyncedBytesDefault(in: room)
    }

    /// A sixteenth of the memory: far below the share at which the kernel begins to block writers
    /// (vm.dirty_ratio), which counts for a control group as well; address space is not used up by it.
    private static func unsyncedBytesDefault(in room: MemoryRoom) -> Int {
        guard room.bound == .controlGroup else { return max(64 << 20, Machine.memoryBytes / 16) }
        return min(max(64 << 20, room.bytes / 16), room.bytes / 8)
    }
}

extension BrokerSettings {
    /// The settings for a directory of `owner`, whose node this broker becomes.
    ///
    /// Throws if the configuration names another one.
    func adopting(_ owner: StorageOwner, of path: String) throws(StartError) -> BrokerSettings {
        guard owner.nodeID != nodeID else { return self }
        guard !isNodeIDGiven else {
            throw StartError(
                "the data directory \(path) was left untouched: it belongs to node \(owner.nodeID), and "
                    + "node.id is \(nodeID); remove node.id from the configuration, or choose another "
                    + "directory")
        }
        var adopted = self
        adopted.nodeID = owner.nodeID
        return adopted
    }
}
