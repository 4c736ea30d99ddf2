// The rows of the broker's table whose values are obeyed.
import Base
internal import Coordinator

extension BrokerSettings {
    /// Every broker configuration that has an effect.
    static let honoured: [ConfigRule<BrokerSettings>] =
        identity + access + network + storage + metadata + compaction + groups + transactions
        + topicDefaultRules

    private static let identity: [ConfigRule<BrokerSettings>] = [
        .init("node.id", sets: \.nodeID, allowed: 0...Int32.max, "The id of this broker.").high,
        .init(
            "broker.id", sets: \.brokerID, allowed: Int32.min...Int32.max,
            "Older name of node.id; negative is none."
        ).high,
        .init("broker.rack", sets: \.rack, "The rack that clients are told."),
        .init("apus.log.level", sets: \.logLevel, "Least important event that is logged."),
    ]

    private static let network: [ConfigRule<BrokerSettings>] = [
        .init("listeners", sets: \.listeners, "Where to listen: NAME://HOST:PORT, separated by commas.").high
            .perBroker,
        .init(
            "process.roles", sets: \.processRoles,
            of: .list(["broker", "controller"], mayBeEmpty: false),
            "What Kafka's process is; a broker needs no controller here."
        ).high,
        .init(
            "inter.broker.listener.name", sets: \.interBrokerListener,
            "Which listener brokers use among themselves; one that there is."),
        .init(
            "security.inter.broker.protocol", .choice(interBrokerProtocols, ignoresCase: false),
            summary: "The same by its protocol.",
            apply: { (settings, text) throws(ConfigError) in
                settings.interBrokerProtocol = try ConfigKind.choice(interBrokerProtocols, ignoresCase: false)
                    .string(text, "security.inter.broker.protocol")
            },
            render: { $0.interBrokerProtocol }
        ).defaultsTo("PLAINTEXT"),
        .init("advertised.listeners", sets: \.advertisedListeners, "What clients are told to connect to.")
            .high,
        .init(
            "listener.security.protocol.map", .string,
            summary: "The security protocol of each listener name.",
            apply: { $0.listenerProtocolMap = $1.trimmed }, render: { $0.listenerProtocolMap }
        ).low.perBroker,
        .init(
            "controller.listener.names", sets: \.controllerListenerNames,
            "Listeners of Kafka's controller; not opened here."
        ).high,
        .init(
            "apus.event.loops", sets: \.eventLoops, allowed: 0...256,
            "Event loop threads; 0 is one for each processor."),
        .init(
            "socket.request.max.bytes", sets: \.requestMaxBytes, allowed: 1...Int32.max,
            "Largest request accepted."
        ).high,
        .init(
            "queued.max.request.bytes", sets: \.requestMemoryBytes, allowed: Int64.min...Int64.max,
            "Memory for large requests and replies in flight, beside that for smaller ones; -1 is what the "
                + "largest request takes, or less in a process with little memory (container, ulimit)."
        ),
        .init("max.connections", sets: \.maxConnections, allowed: 0...Int32.max, "Connections at a time.")
            .clusterWide,
        .init(
            "max.connections.per.ip", sets: \.maxConnectionsPerAddress, allowed: 0...Int32.max,
            "Connections at a time from one address."
        ).clusterWide,
        .init(
            "max.connections.per.ip.overrides", .string,
            summary: "Exceptions from max.connections.per.ip: HOST:COUNT, separated by commas.",
            apply: { (settings, text) throws(ConfigError) in
                settings.maxConnectionsPerAddressOverrides = try AddressLimits(text)
            },
            render: { $0.maxConnectionsPerAddressOverrides.description }
        ).clusterWide,
        .init(
            "connections.max.idle.ms", sets: \.connectionsIdleMilliseconds, allowed: Int64.min...Int64.max,
            "Silence after which a connection is closed; negative is never."),
        .init(
            "socket.listen.backlog.size", sets: \.listenBacklog, allowed: 1...Int32.max,
            "Connections waiting to be accepted; never less than 1024."),
        .init(
            "fetch.max.bytes", sets: \.fetchMaxBytes, allowed: 1024...Int32.max, "Largest reply to one fetch."
        ),
        .init(
            "max.incremental.fetch.session.cache.slots", sets: \.fetchSessionSlots, allowed: 0...Int32.max,
            "Incremental fetch sessions kept."),
        .init(
            "max.request.partition.size.limit", sets: \.maxPartitionsPerRequest, allowed: 1...Int32.max,
            "Partitions that one page of DescribeTopicPartitions lists at most."),
    ]

    private static let metadata: [ConfigRule<BrokerSettings>] = [
        .init(
            "metadata.log.dir", sets: \.metadataLogDirectory,
            "The directory of the metadata log; the first data directory if it is not set."
        ).high,
        .init(
            "metadata.log.segment.bytes", sets: \.metadataSegmentBytes, allowed: (8 << 20)...Int32.max,
            "Segment size of the metadata log."
        ).high,
        .init(
            "internal.metadata.log.segment.bytes", sets: \.metadataSegmentBytes, allowed: 1...Int32.max,
            "The same without a lower limit, for tests."
        ).low.hidden,
        .init(
            "metadata.log.segment.ms", sets: \.metadataSegmentMilliseconds, allowed: 1...Int64.max,
            "Age at which a segment of the metadata log is closed."
        ).high,
        .init(
            "metadata.log.max.record.bytes.between.snapshots", sets: \.metadataSnapshotBytes,
            allowed: 1...Int64.max, "Size of the new records that the metadata log gets a snapshot for."
        ).high,
        .init(
            "metadata.log.max.snapshot.interval.ms", sets: \.metadataSnapshotMilliseconds,
            allowed: 0...Int64.max,
            "Time after which it gets one for fewer new records; 0 is never."
        ).high,
        .init(
            "metadata.max.retention.bytes", sets: \.metadataRetentionBytes, allowed: -1...Int64.max,
            "Size of metadata log and snapshots beyond which the oldest are deleted."
        ).high,
        .init(
            "metadata.max.retention.ms", sets: \.metadataRetentionMilliseconds, allowed: -1...Int64.max,
            "Age beyond which old metadata snapshots, and the log before them, are deleted."
        ).high,
    ]

    private static let storage: [ConfigRule<BrokerSettings>] = [
        .init("log.dirs", sets: \.logDirectories, "The data directories.").high,
        .init(
            "log.dir", .list(nil, mayBeEmpty: false),
            summary: "The data directories where log.dirs is not set.",
            apply: { (settings, text) throws(ConfigError) in
                let paths = try ConfigKind.list(nil, mayBeEmpty: false).elements(text, "log.dir")
                settings.logDirectory = paths.joined(separator: ",")
            },
            render: { $0.logDirectory }
        ).high,
        .init(
            "apus.durability", sets: \.durability,
            "disk: acknowledged means on the disk; os: in the page cache."),
        .init(
            "apus.disk.reserve.bytes", sets: \.diskReserveBytes, allowed: 0...Int64.max,
            "Free space below which produce is refused."),
        .init(
            "apus.unsynced.max.bytes", sets: \.unsyncedMaxBytes, allowed: 0...Int64.max,
            "Bytes written but not yet on the disk at which producers wait; 0 is a sixteenth of the memory."),
        .init(
            "producer.id.expiration.ms", sets: \.producerIDExpirationMilliseconds, allowed: 1...Int32.max,
            "How long an idle producer's sequence numbers are remembered."
        ).low.clusterWide,
        .init(
            "producer.id.expiration.check.interval.ms", sets: \.producerExpirationCheckMilliseconds,
            allowed: 1...Int32.max, "How often it is checked which producers are idle for so long."
        ).low.hidden,
        .init(
            "log.flush.offset.checkpoint.interval.ms", sets: \.checkpointMilliseconds,
            allowed: 0...Int32.max,
            "How long recovery points of what was written may be kept from their file."
        ).high,
        .init(
            "log.retention.check.interval.ms", sets: \.retentionCheckMilliseconds, allowed: 1...Int64.max,
            "How often at most it is checked which segments are to be deleted."),
    ]

    private static let compaction: [ConfigRule<BrokerSettings>] = [
        .init(
            "log.cleaner.enable", sets: \.cleanerEnabled,
            "Whether topics with cleanup.policy=compact are compacted."),
        .init(
            "log.cleaner.threads", sets: \.cleanerThreads, allowed: 0...Int32.max,
            "0 turns compaction off; one thread does it otherwise."
        ).clusterWide,
        .init(
            "log.cleaner.dedupe.buffer.size", sets: \.cleanerMapBytes, allowed: Int64.min...Int64.max,
            "Memory for the keys of one compaction; more keys take several passes."
        ).clusterWide,
        .init(
            "log.cleaner.io.buffer.load.factor", sets: \.cleanerMapLoad, allowed: 0...1,
            "How full that memory may get."
        ).clusterWide,
        .init(
            "log.cleaner.io.max.bytes.per.second", sets: \.cleanerBytesPerSecond,
            allowed: 0...Double.greatestFiniteMagnitude,
            "What compaction reads and writes in a second at most."
        ).clusterWide,
        .init(
            "log.cleaner.backoff.ms", sets: \.cleanerBackoffMilliseconds, allowed: 0...Int64.max,
            "After how long it is looked for more to compact once something was written."
        ).clusterWide,
    ]

    private static let groups: [ConfigRule<BrokerSettings>] = [
        .init(
            "group.min.session.timeout.ms", sets: \.groupMinSessionMilliseconds, allowed: 1...Int32.max,
            "Shortest session timeout of a classic group's member."),
        .init(
            "group.max.session.timeout.ms", sets: \.groupMaxSessionMilliseconds, allowed: 1...Int32.max,
            "Longest session timeout of a classic group's member."),
        .init(
            "group.max.size", sets: \.groupMaxSize, allowed: 1...Int32.max, "Members of a classic group."),
        .init(
            "group.consumer.session.timeout.ms", sets: \.consumerSessionMilliseconds, allowed: 1...Int32.max,
            "How long a member of a consumer group may be silent."),
        .init(
            "group.consumer.heartbeat.interval.ms", sets: \.consumerHeartbeatMilliseconds,
            allowed: 1...Int32.max, "How often members of consumer groups send heartbeats."),
        .init(
            "group.consumer.assignment.interval.ms", sets: \.consumerAssignmentMilliseconds,
            allowed: 0...Int32.max, "The least time between two assignments of a consumer group."
        ).clusterWide,
        .init(
            "group.consumer.max.size", sets: \.consumerMaxSize, allowed: 1...Int32.max,
            "Members of a consumer group."),
        .init(
            "group.consumer.migration.policy", sets: \.consumerMigration, as: { $0.uppercased() },
            ignoresCase: true, "Whether groups change their kind while they have members."),
        .init(
            "group.consumer.assignors", .list(nil, mayBeEmpty: false),
            summary: "What members of consumer groups may ask for; the first one where they do not.",
            apply: { (settings, text) throws(ConfigError) in
                settings.consumerAssignors = try assignors(text)
            },
            render: { $0.consumerAssignors.joined(separator: ",") }),
        .init(
            "group.consumer.min.session.timeout.ms", sets: \.consumerBounds.sessionMin,
            allowed: 1...Int32.max, "Least value of group.consumer.session.timeout.ms."),
        .init(
            "group.consumer.max.session.timeout.ms", sets: \.consumerBounds.sessionMax,
            allowed: 1...Int32.max, "Greatest value of group.consumer.session.timeout.ms."),
        .init(
            "group.consumer.min.heartbeat.interval.ms", sets: \.consumerBounds.heartbeatMin,
            allowed: 1...Int32.max, "Least value of group.consumer.heartbeat.interval.ms."),
        .init(
            "group.consumer.max.heartbeat.interval.ms", sets: \.consumerBounds.heartbeatMax,
            allowed: 1...Int32.max, "Greatest value of group.consumer.heartbeat.interval.ms."),
        .init(
            "group.consumer.min.assignment.interval.ms", sets: \.consumerBounds.assignmentMin,
            allowed: 0...Int32.max, "Least value of group.consumer.assignment.interval.ms."),
        .init(
            "group.consumer.max.assignment.interval.ms", sets: \.consumerBounds.assignmentMax,
            allowed: 0...Int32.max, "Greatest value of group.consumer.assignment.interval.ms."),
        .init(
            "group.initial.rebalance.delay.ms", sets: \.groupInitialRebalanceDelayMilliseconds,
            allowed: 0...Int32.max, "How long an empty group waits for more members before its first round."),
        .init(
            "offset.metadata.max.bytes", sets: \.offsetMetadataMaxBytes, allowed: 0...Int32.max,
            "Longest note beside a committed offset."
        ).high,
        .init(
            "offsets.topic.num.partitions", sets: \.offsetsPartitions, allowed: 1...10_000,
            "Partitions of __consumer_offsets, when it is made."
        ).high,
        .init(
            "offsets.topic.replication.factor", sets: \.offsetsReplicationFactor, allowed: 1...Int16.max,
            "Accepted for Kafka's sake: one node has one replica."
        ).high,
        .init(
            "offsets.topic.segment.bytes", sets: \.offsetsSegmentBytes, allowed: 1_048_576...Int32.max,
            "Segment size of __consumer_offsets, when it is made."
        ).high,
        .init(
            "offsets.topic.compression.codec", sets: \.offsetsCodec, allowed: Int32.min...Int32.max,
            "Codec of its batches: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."
        ).high,
        .init(
            "offsets.retention.minutes", sets: \.offsetsRetentionMinutes, allowed: 1...Int32.max,
            "How long offsets are kept that no group uses any more."
        ).high,
        .init(
            "offsets.retention.check.interval.ms", sets: \.offsetsRetentionCheckMilliseconds,
            allowed: 1...Int64.max, "How often it is checked which offsets are unused for so long."
        ).high,
    ]

    private static let topicDefaultRules: [ConfigRule<BrokerSettings>] = [
        .init(
            "auto.create.topics.enable", sets: \.autoCreateTopics,
            "Whether asking for an unknown topic creates it."
        ).high,
        .init("delete.topic.enable", sets: \.deleteTopics, "Whether topics can be deleted.").high,
        .init(
            "num.partitions", sets: \.defaultPartitions, allowed: 1...Int32.max,
            "Partitions of a topic by default."),
        .init(
            "default.replication.factor", sets: \.defaultReplicationFactor, allowed: 1...32767,
            "Replication factor of a topic by default."),
        .init(
            "apus.partitions.max", sets: \.partitionsMax, allowed: 0...Int32.max,
            "Partitions of all topics beyond which none is created; 0 is one for each 16 KiB of the memory."),
        .init(
            "apus.replication.clamp", sets: \.clampReplication,
            "Whether a replication factor above 1 is accepted as 1 instead of refused."),
        .defaulting("compression.type").high.clusterWide,
        .defaulting("compression.gzip.level").clusterWide,
        .defaulting("compression.lz4.level").clusterWide,
        .defaulting("compression.zstd.level").clusterWide,
        .defaulting("log.cleanup.policy").clusterWide,
        .defaulting("log.cleaner.delete.retention.ms").clusterWide,
        .defaulting("log.cleaner.max.compaction.lag.ms").clusterWide,
        .defaulting("log.cleaner.min.cleanable.ratio").clusterWide,
        .defaulting("log.cleaner.min.compaction.lag.ms").clusterWide,
        .defaulting("log.index.interval.bytes").clusterWide,
        .defaulting("log.index.size.max.bytes").clusterWide,
        .defaulting("log.message.timestamp.after.max.ms").clusterWide,
        .defaulting("log.message.timestamp.before.max.ms").clusterWide,
        .defaulting("log.message.timestamp.type").clusterWide,
        .defaulting("log.preallocate").clusterWide,
        .defaulting("log.retention.bytes").high.clusterWide,
        .defaulting("log.segment.bytes").high.clusterWide,
        .defaulting("log.segment.delete.delay.ms").high.clusterWide,
        .defaulting("message.max.bytes").high.clusterWide,
        .defaulting("log.flush.interval.messages").high.clusterWide,
        .init(
            "log.flush.interval.ms", sets: \.flushMilliseconds, allowed: Int64.min...Int64.max,
            "Default of flush.ms."
        ).high.clusterWide.idle(Unused.flushing),
        .init(
            "log.flush.scheduler.interval.ms", sets: \.flushSchedulerMilliseconds,
            allowed: Int64.min...Int64.max, "The same, where log.flush.interval.ms is not set."
        ).high.idle(Unused.flushing),
        .defaulting("log.local.retention.bytes").clusterWide,
        .defaulting("log.local.retention.ms").clusterWide,
        .defaulting("min.insync.replicas").high.clusterWide,
        .defaulting("unclean.leader.election.enable").high.clusterWide,
        .init(
            "log.retention.ms", sets: \.retentionMilliseconds, allowed: Int64.min...Int64.max,
            "Default of retention.ms; negative keeps records for ever."
        ).high.clusterWide,
        .init(
            "log.retention.minutes", sets: \.retentionMinutes, allowed: Int32.min...Int32.max,
            "The same in minutes, where log.retention.ms is not set."
        ).high,
        .init(
            "log.retention.hours", sets: \.retentionHours, allowed: Int32.min...Int32.max,
            "The same in hours, where neither of those is set."
        ).high,
        .init(
            "log.roll.ms", sets: \.rollMilliseconds, allowed: Int64.min...Int64.max,
            "Default of segment.ms."
        ).high.clusterWide,
        .init(
            "log.roll.hours", sets: \.rollHours, allowed: 1...Int32.max,
            "The same in hours, where log.roll.ms is not set."
        ).high,
        .init(
            "log.roll.jitter.ms", sets: \.rollJitterMilliseconds, allowed: Int64.min...Int64.max,
            "Default of segment.jitter.ms."
        ).high.clusterWide,
        .init(
            "log.roll.jitter.hours", sets: \.rollJitterHours, allowed: 0...Int32.max,
            "The same in hours, where log.roll.jitter.ms is not set."
        ).high,
    ]

    /// Kafka's own assignors, by their names or by the classes that have them.
    private static func assignors(_ text: String) throws(ConfigError) -> [String] {
        let key: Name = "group.consumer.assignors"
        let package = "org.apache.kafka.coordinator.group.assignor."
        let classes: [Name: String] = [
            "\(package)UniformAssignor": "uniform", "\(package)RangeAssignor": "range",
        ]
        var names: [String] = []
        for element in try ConfigKind.list(nil, mayBeEmpty: false).elements(text, key) {
            let name = classes[Name(element)] ?? element
            guard Assignor.serverSide.contains(where: { $0.rawValue.text == name }) else {
                throw ConfigError(key: key, sentence: "Class \(element) cannot be found")
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private static let interBrokerProtocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
}
