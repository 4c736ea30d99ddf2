// The composition root: puts storage, topics, sockets and handlers together. BrokerStart.swift starts them in
// order, BrokerStop.swift ends them in reverse.
package import Base
package import Network
package import Storage

/// A running broker.
package final class Broker: Sendable {
    /// Where events are logged.
    package let logger: Logger
    /// What of them is logged.
    let loggers: BrokerLoggers
    /// The time.
    package let clock: any BrokerClock
    /// Keeps the logs.
    package let storage: any StorageEngine
    /// The topics.
    package let catalog: TopicCatalog
    /// Incremental fetch sessions.
    package let fetchSessions: FetchSessionCache
    /// Gives out producer ids.
    package let producerIDs: ProducerIDs
    /// The consumer groups.
    package let groups: GroupHost
    /// Asked whether partitions belong to transactions.
    let verifier: any TransactionVerifier
    /// Writes the ends of transactions.
    package let markers: MarkerWriter
    /// The transactions.
    package let transactions: TransactionHost
    /// Partitions on their way to other directories.
    let moves: PartitionMoves
    /// Where its listeners are bound.
    package let boundAddresses: [SocketAddress]
    /// Who speaks versions that Kafka dropped.
    let oldVersions: OldVersions
    /// Who may do what.
    let authorizer: any Authorizer
    /// The same where the rules of the metadata log say it.
    let standardAuthorizer: StandardAuthorizer?
    /// How long clients are made to wait.
    let quotas: any Quotas
    // What counts at a start alone, so that no request looks it up in the configuration.
    let nodeID: Int32
    let rack: Name?
    let fetchMaxBytes: Int32
    let sockets: BrokerSockets
    let watchdog: LoopWatchdog
    let upkeep: UpkeepScheduler
    /// Compacts, on a thread of its own, as one compaction may take hours.
    let cleaner: UpkeepScheduler
    /// Looks up hosts that clients name, one after another: one that takes long holds up nobody else.
    let resolver = SerialWorker()
    /// Taken when the first quota is set.
    let hasQuotas = First()
    /// Taken when the first user's credential is set.
    let hasUsers = First()
    private let advertised: AdvertisedAddresses

    init(_ parts: BrokerParts, logger: Logger, clock: any BrokerClock) {
        let settings = parts.catalog.settings
        self.logger = logger
        self.clock = clock
        loggers = BrokerLoggers(logger, level: settings.logLevel)
        storage = parts.storage
        catalog = parts.catalog
        producerIDs = parts.producerIDs
        standardAuthorizer =
            settings.authorizerClass == nil
            ? nil
            : StandardAuthorizer(
                settings.accessPolicy, catalog.metadata.image.accessRules, logger: logger)
        authorizer = parts.rules.authorizer ?? standardAuthorizer ?? AllowsAll()
        quotas = parts.rules.quotas
        nodeID = settings.nodeID
        rack = settings.rack.map { Name($0) }
        fetchMaxBytes = settings.fetchMaxBytes
        sockets = parts.sockets
        watchdog = LoopWatchdog(parts.sockets.loops, clock: clock, logger: logger)
        upkeep = UpkeepScheduler(clock: clock)
        cleaner = UpkeepScheduler(clock: clock)
        storage.beginUpkeep(UpkeepSettings(settings), on: upkeep, compaction: cleaner)
        groups = GroupHost(parts, on: upkeep, settings, logger: logger, clock: clock)
        markers = MarkerWriter(parts, groups: groups, clock: clock, logger: logger)
        transactions = TransactionHost(
            parts, on: upkeep, settings, writeMarkers: markers.carryOut, logger: logger, clock: clock)
        verifier = parts.rules.verifier ?? transactions
        moves = PartitionMoves(
            parts.storage, logger: logger, quiesce: { [loops = parts.sockets.loops] in loops.passTurn() },
            finish: { [catalog = parts.catalog] in catalog.finish($0, then: $1) })
        boundAddresses = parts.sockets.listeners.map(\.local)
        advertised = AdvertisedAddresses(
            parts.advertised, listeners: parts.sockets.listeners.map(\.address), logger: logger)
        oldVersions = OldVersions(logger)
        fetchSessions = FetchSessionCache(slots: Int(settings.fetchSessionSlots))
        if !configuration.isAsStarted { allowConnections(settings) }
        catalog.whenConfigured { [weak self] news in self?.configured(news) }
    }

    /// What is configured now, and where it comes from.
    package var configuration: BrokerConfigs { catalog.configuration }
    /// The same without where it comes from; a copy, so that it is one moment's.
    package var settings: BrokerSettings { configuration.settings }

    /// The cluster's id, from the data directory.
    package var clusterID: Name { storage.owner.clusterID }

    /// What a client is told to connect to.
    func advertisedAddress(for context: RequestContext) -> (host: String, port: Int32) {
        let session = context.session
        return advertised.address(listener: session.listener, local: session.local, peer: session.peer)
    }
}

/// What a broker is made of.
struct BrokerParts: Sendable {
    let storage: any StorageEngine
    let catalog: TopicCatalog
    let producerIDs: ProducerIDs
    let sockets: BrokerSockets
    let advertised: [ListenerAddress]
    let rules: BrokerRules
}

/// What a broker goes by with each request of a client.
struct BrokerRules: Sendable {
    /// Nil for the one that is configured.
    var authorizer: (any Authorizer)?
    var quotas: any Quotas = NoQuotas()
    /// Nil for the broker's own coordinator of transactions.
    var verifier: (any TransactionVerifier)?
}

/// The network side of a broker.
struct BrokerSockets: Sendable {
    let loops: EventLoopGroup
    let pool: Network.WorkPool
    let memory: MemoryBudget
    let counts: ConnectionCounts
    /// Most connections that there are descriptors for, whatever is configured.
    let connectionsMax: Int
    let listeners: [Listener]
    let routers: RouterSlot
}

/// Holds the router for listeners, which are bound before there is a broker to route to and accept only
/// afterwards.
final class RouterSlot: Sendable {
    private let router = Lock<Router?>(nil)

    /// With nil, a broker that has ended is let go.
    func fill(_ router: Router?) { self.router.withLock { $0 = router } }

    /// The router of every connection.
    var handler: any ConnectionHandler {
        guard let router = router.withLock({ $0 }) else {
            preconditionFailure("a listener accepts only after the router is there")
        }
        return router
    }
}
