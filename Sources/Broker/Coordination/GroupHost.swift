// The groups of the broker: the topic that holds them, created when it is first needed, and one shard for
// each of its partitions.
package import Base
package import Coordinator
internal import Network
internal import Protocol
internal import Storage

/// Hosts the group coordinator.
package final class GroupHost: Sendable {
    /// The topic of groups and offsets.
    package static let topicName: Name = "__consumer_offsets"

    typealias Host = ShardHost<GroupCoordinator>

    private enum Stage {
        /// The topic is not there, as far as we know.
        case absent
        /// It is being made; who waits for it.
        case creating([@Sendable ([Host]?) -> Void])
        case ready(topic: TopicID, [Host])
    }

    private let stage = Lock(Stage.absent)
    private let catalog: TopicCatalog
    private let settings: BrokerSettings
    private let loops: EventLoopGroup
    private let services: ShardServices

    init(
        catalog: TopicCatalog, settings: BrokerSettings, loops: EventLoopGroup, services: ShardServices
    ) {
        self.catalog = catalog
        self.settings = settings
        self.loops = loops
        self.services = services
    }

    /// Begins to read what earlier runs left.
    func start() { _ = existingShards() }

    /// Answers everyone who waits, and decides nothing more.
    func stop() {
        let shards: [Host] = stage.withLock { if case .ready(_, let shards) = $0 { shards } else { [] } }
        for shard in shards { shard.close() }
    }

    /// The shards, if the topic exists; loading begins at the first call.
    func existingShards() -> [Host]? {
        let topic = catalog.topics[Self.topicName]
        var mustLoad: [Host] = []
        var mustClose: [Host] = []
        let shards: [Host]? = stage.withLock { stage in
            if case .ready(let id, let shards) = stage {
                if id == topic?.id { return shards }
                mustClose = shards  // deleted, and perhaps made anew
                stage = .absent
            }
            guard let topic else { return nil }
            if case .creating = stage { return nil }  // its maker takes it over in a moment
            mustLoad = makeShards(topic)
            stage = .ready(topic: topic.id, mustLoad)
            return mustLoad
        }
        for shard in mustClose { shard.close() }
        for shard in mustLoad { shard.load() }
        return shards
    }

    /// Calls `body` with the shards, making the topic if need be; with nil if that failed.
    func withShards(_ body: @escaping @Sendable ([Host]?) -> Void) {
        if let shards = existingShards() { return body(shards) }
        let (isFirst, ready) = stage.withLock { stage -> (Bool, [Host]?) in
            switch stage {
            // Somebody else has seen the topic since: there is one set of hosts, or two would write.
            case .ready(_, let shards): return (false, shards)
            case .absent:
                stage = .creating([body])
                return (true, nil)
            case .creating(let waiting):
                stage = .creating(waiting + [body])
                return (false, nil)
            }
        }
        if let ready { return body(ready) }
        guard isFirst else { return }
        catalog.create([.groupState(settings)], by: "the group coordinator", validateOnly: false) {
            [self] _ in created()
        }
    }

    /// The topic was made just now, by us or by somebody else, or could not be.
    private func created() {
        let topic = catalog.topics[Self.topicName]
        let (shards, waiting) = stage.withLock { stage in
            var waiting: [@Sendable ([Host]?) -> Void] = []
            if case .creating(let bodies) = stage { waiting = bodies }
            guard let topic else {
                stage = .absent
                return (nil as [Host]?, waiting)
            }
            let shards = makeShards(topic)
            stage = .ready(topic: topic.id, shards)
            return (shards, waiting)
        }
        for shard in shards ?? [] { shard.load() }
        for body in waiting { body(shards) }
    }

    private func makeShards(_ topic: Topic) -> [Host] {
        let groups = GroupSettings(settings, segmentBytes: Int(topic.settings.segmentBytes))
        var services = services
        services.batchBytesMax = Int(topic.settings.segmentBytes) / 4
        return topic.partitions.enumerated().map { index, partition in
            Host(
                partition, on: loops.loops[index % loops.loops.count], services,
                make: { GroupCoordinator(groups) },
                whenLoaded: { [catalog] _ in Self.topicsNow(catalog.topics) })
        }
    }

    private static func topicsNow(_ topics: TopicDirectory) -> [GroupEvent] {
        [.topicsKnown(topics.ids), .topicsChanged(topics)]
    }

    /// There are other topics, or others than before.
    func topicsChanged(_ topics: TopicDirectory) {
        for shard in presentShards { shard.post(.topicsChanged(topics)) }
    }

    /// The shards that are at work; none is made for this.
    private var presentShards: [Host] {
        stage.withLock { stage in
            if case .ready(_, let shards) = stage { shards } else { [] }
        }
    }

    /// The shard of a group.
    static func shard(of group: Name, in shards: [Host]) -> Host {
        let hash = javaHash(group)
        // Kafka takes the absolute value, and 0 for the one number that has none.
        return shards[hash == .min ? 0 : Int(abs(hash)) % shards.count]
    }

    /// Topics were deleted, so their offsets go too.
    func topicsDeleted(_ names: Set<Name>) {
        for shard in existingShards() ?? [] { shard.post(.topicsDeleted(names)) }
    }

    /// Looks for what has expired; how long nothing else will, or nil if nothing will as things stand.
    func expire() -> Duration? {
        var next: Timestamp?
        for shard in existingShards() ?? [] {
            shard.post(.expiryDue)
            // A look that takes long is not over yet: what it finds is heard of next time.
            let now = services.now.wall
            let expiry = shard.inspect { $0.isExpiring ? now : $0.nextExpiry } ?? nil
            if let expiry { next = min(next ?? expiry, expiry) }
        }
        return next.map { .milliseconds(max(0, $0.milliseconds - services.clock.wallTime().milliseconds)) }
    }

    /// What happened to a group lately, the oldest first; nil if it is not known.
    package func journal(of group: Name) -> [GroupJournalEntry]? {
        guard let shards = existingShards() else { return nil }
        return Self.shard(of: group, in: shards).inspect { $0.journals[group]?.entries } ?? nil
    }
}

/// `String.hashCode` of Java, over UTF-16: it decides which partition a group lives in.
func javaHash(_ name: Name) -> Int32 {
    name.text.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
}

extension TopicDirectory {
    /// The ids of all topics by their names.
    fileprivate var ids: [Name: TopicID] {
        Dictionary(all.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
    }
}

extension NewTopic {
    /// A topic that comes into being because it was asked for.
    init(missing name: Name, _ settings: BrokerSettings) {
        self = name == GroupHost.topicName ? .groupState(settings) : NewTopic(name: name)
    }

    /// The topic of groups and offsets, as Kafka makes it.
    static func groupState(_ settings: BrokerSettings) -> NewTopic {
        var topic = NewTopic(name: GroupHost.topicName)
        topic.partitionCount = settings.offsetsPartitions
        topic.replicationFactor = 1
        topic.configs = [
            "cleanup.policy": "compact", "compression.type": "producer",
            "segment.bytes": String(settings.offsetsSegmentBytes),
        ]
        return topic
    }
}

extension GroupSettings {
    /// What the configuration says about groups.
    init(_ settings: BrokerSettings, segmentBytes: Int) {
        self.init()
        sessionTimeoutMinMilliseconds = settings.groupMinSessionMilliseconds
        sessionTimeoutMaxMilliseconds = settings.groupMaxSessionMilliseconds
        membersMax = settings.groupMaxSize
        initialRebalanceDelayMilliseconds = settings.groupInitialRebalanceDelayMilliseconds
        offsetMetadataBytesMax = settings.offsetMetadataMaxBytes
        offsetRetentionMilliseconds = Int64(settings.offsetsRetentionMinutes) * 60_000
        consumer = ConsumerSettings(settings)
        recordBytesMax = min(recordBytesMax, segmentBytes / 2)
    }
}

extension ConsumerSettings {
    /// What the configuration says about consumer groups.
    fileprivate init(_ settings: BrokerSettings) {
        self.init()
        defaults.sessionTimeoutMilliseconds = settings.consumerSessionMilliseconds
        defaults.heartbeatIntervalMilliseconds = settings.consumerHeartbeatMilliseconds
        defaults.assignmentIntervalMilliseconds = settings.consumerAssignmentMilliseconds
        membersMax = settings.consumerMaxSize
        migration = settings.consumerMigration
        let named = settings.consumerAssignors.compactMap { Assignor(rawValue: Name($0)) }
        if !named.isEmpty { assignors = named }
    }
}
