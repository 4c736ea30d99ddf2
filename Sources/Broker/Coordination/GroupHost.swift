// The groups of the broker: the topic that holds them, and what their coordinators are told of topics.
package import Base
internal import Compression
package import Coordinator

/// Hosts the group coordinator.
package typealias GroupHost = StateTopicHost<GroupCoordinator>

extension GroupHost {
    /// The topic of groups and offsets.
    package static var topicName: Name { "__consumer_offsets" }

    /// The host of the groups of a broker that is made of `parts`, with its job on `scheduler`.
    convenience init(
        _ parts: BrokerParts, on scheduler: UpkeepScheduler, _ settings: BrokerSettings, logger: Logger,
        clock: any BrokerClock
    ) {
        let catalog = parts.catalog
        let topic = StateTopic<GroupCoordinator>(
            asMade: .groupState(settings), maker: "the group coordinator",
            emptyShard: {
                GroupCoordinator(GroupSettings(settings, segmentBytes: Int($0.settings.segmentBytes)))
            },
            whenLoaded: { _ in
                let topics = catalog.topics
                let defaults = ConsumerSettings(catalog.settings).defaults
                return [.topicsKnown(topics.ids), .topicsChanged(topics), .defaultsConfigured(defaults)]
                    + GroupConfig.all(in: catalog).map { .configured(group: $0, $1) }
            })
        var services = ShardServices(clock: clock, logger: logger, pool: parts.sockets.pool)
        services.codec = .init(rawValue: UInt8(clamping: settings.offsetsCodec)) ?? .none
        self.init(topic, catalog: catalog, loops: parts.sockets.loops, services: services)
        let expiry = ShardUpkeep<GroupCoordinator>(
            event: .expiryDue, interval: .milliseconds(settings.offsetsRetentionCheckMilliseconds)
        ) { state, now in
            // A look that takes long is not over yet: what it finds is heard of next time.
            state.isExpiring ? now : state.nextExpiry
        }
        beginUpkeep(expiry, on: scheduler)
        catalog.whenChanged { [weak self] topics in self?.topicsChanged(topics) }
        catalog.whenDeleted { [weak self] names in self?.topicsDeleted(names) }
    }

    /// There are other topics, or others than before.
    private func topicsChanged(_ topics: TopicDirectory) {
        for shard in presentShards { shard.post(.topicsChanged(topics)) }
    }

    /// Topics were deleted, so their offsets go too.
    private func topicsDeleted(_ names: Set<Name>) {
        for shard in existingShards() ?? [] { shard.post(.topicsDeleted(names)) }
    }

    /// Something is configured otherwise.
    func configured(_ news: ConfigurationNews) {
        switch news {
        case .broker(let broker):
            let defaults = ConsumerSettings(broker.settings).defaults
            for shard in presentShards { shard.post(.defaultsConfigured(defaults)) }
            for (group, config) in GroupConfig.all(in: catalog) { tell(group, config) }
        case .group(let group, let config): tell(group, config)
        case .features, .accessRules: break
        }
    }

    private func tell(_ group: Name, _ config: ConsumerGroupConfig?) {
        let shards = presentShards
        guard !shards.isEmpty else { return }
        Self.shard(of: group, in: shards).post(.configured(group: group, config))
    }

    /// What happened to a group lately, the oldest first; nil if it is not known.
    package func journal(of group: Name) -> [GroupJournalEntry]? {
        guard let shards = existingShards() else { return nil }
        return Self.shard(of: group, in: shards).inspect { $0.journals[group]?.entries } ?? nil
    }
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
        self =
            switch name {
            case GroupHost.topicName: .groupState(settings)
            case TransactionHost.topicName: .transactionState(settings)
            default: NewTopic(name: name)
            }
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

extension GroupConfig {
    /// What groups have of their own, as far as it counts.
    fileprivate static func all(in catalog: TopicCatalog) -> [(Name, ConsumerGroupConfig)] {
        let broker = catalog.configuration
        return catalog.metadata.image.configs.compactMap { resource, values in
            guard resource.kind == .group, !values.isEmpty else { return nil }
            let config = GroupConfig(accepted: values, broker) { error in
                catalog.logger.logLimited(
                    .error, "group_config.refused",
                    ["group": resource.name.text, "error": error.safeDescription])
            }
            return (resource.name, config.consumer)
        }
    }
}

extension ConsumerSettings {
    /// What the configuration says about consumer groups.
    init(_ settings: BrokerSettings) {
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
