// THE table of broker configurations that have an effect here. Kafka's other keys are known by name only
// (KnownBrokerKeys), and are reported as having no effect; keys that nobody knows are named in the log.
package import Base
package import Coordinator
package import Storage

/// The broker's settings; each field is a row of `BrokerSettings.rules`, which says what it means.
package struct BrokerSettings: Sendable {
    package var nodeID: Int32 = 1
    /// Whether the configuration names the node; else it is what the data directory says.
    package var isNodeIDGiven = false
    package var rack: String?
    package var logDirectories: [String] = []
    package var logDirectory = "data"
    package var metadataLogDirectory: String?
    package var metadataSegmentBytes: Int32 = 1 << 30
    package var metadataSegmentMilliseconds: Int64 = 604_800_000
    package var metadataSnapshotBytes: Int64 = 20 << 20
    package var metadataSnapshotMilliseconds: Int64 = 3_600_000
    package var metadataRetentionBytes: Int64 = 100 << 20
    package var metadataRetentionMilliseconds: Int64 = 604_800_000
    package var listeners: [String] = ["PLAINTEXT://:9092"]
    package var advertisedListeners: [String] = []
    package var listenerProtocolMap: [String] = []
    package var controllerListenerNames: [String] = []
    package var eventLoops: Int32 = 0
    package var autoCreateTopics = true
    package var deleteTopics = true
    package var defaultPartitions: Int32 = 1
    package var partitionsMax: Int32 = 0
    package var defaultReplicationFactor: Int32 = 1
    package var clampReplication = true
    package var durability = Durability.disk
    package var diskReserveBytes: Int64 = 64 << 20
    package var unsyncedMaxBytes: Int64 = 0
    package var requestMaxBytes: Int32 = 100 << 20
    package var requestMemoryBytes: Int64 = -1
    package var maxConnections: Int32 = .max
    package var maxConnectionsPerAddress: Int32 = .max
    package var maxConnectionsPerAddressOverrides = ""
    package var connectionsIdleMilliseconds: Int64 = 600_000
    package var listenBacklog: Int32 = 50
    package var fetchMaxBytes: Int32 = 57_671_680
    package var fetchSessionSlots: Int32 = 1000
    package var maxPartitionsPerRequest: Int32 = 2000
    package var producerIDExpirationMilliseconds: Int32 = 86_400_000
    package var producerExpirationCheckMilliseconds: Int32 = 600_000
    package var checkpointMilliseconds: Int32 = 60_000
    package var retentionCheckMilliseconds: Int64 = 300_000
    package var cleanerEnabled = true
    package var cleanerThreads: Int32 = 1
    package var cleanerMapBytes: Int64 = 128 << 20
    package var cleanerMapLoad = 0.9
    package var cleanerBytesPerSecond = Double.greatestFiniteMagnitude
    package var cleanerBackoffMilliseconds: Int64 = 15_000
    package var groupMinSessionMilliseconds: Int32 = 6_000
    package var groupMaxSessionMilliseconds: Int32 = 1_800_000
    package var groupMaxSize: Int32 = .max
    package var consumerSessionMilliseconds: Int32 = 45_000
    package var consumerHeartbeatMilliseconds: Int32 = 5_000
    package var consumerAssignmentMilliseconds: Int32 = 1_000
    package var consumerMaxSize: Int32 = .max
    package var consumerMigration = ConsumerSettings.MigrationPolicy.bidirectional
    package var consumerAssignors = Assignor.serverSide.map(\.rawValue)
    package var groupInitialRebalanceDelayMilliseconds: Int32 = 0
    package var offsetMetadataMaxBytes: Int32 = 4096
    package var offsetsPartitions: Int32 = 50
    package var offsetsReplicationFactor: Int16 = 1
    package var offsetsSegmentBytes: Int32 = 100 << 20
    package var offsetsCodec: Int32 = 0
    package var offsetsRetentionMinutes: Int32 = 10_080
    package var offsetsRetentionCheckMilliseconds: Int64 = 600_000
    package var logLevel = LogLevel.info
    package var retentionMilliseconds: Int64?
    package var retentionMinutes: Int32?
    package var retentionHours: Int32 = 168
    package var rollMilliseconds: Int64?
    package var rollHours: Int32 = 168
    package var rollJitterMilliseconds: Int64?
    package var rollJitterHours: Int32 = 0
    /// The defaults of topics, as far as their keys are not above.
    package var topics = TopicSettings()

    /// The defaults.
    package init() {}
}

extension BrokerSettings {
    /// Every broker configuration that has an effect.
    package static let rules: [ConfigRule<BrokerSettings>] =
        identity + network + storage + metadata + compaction + groups + topicDefaults

    private static let identity: [ConfigRule<BrokerSettings>] = [
        .init("node.id", sets: \.nodeID, allowed: 0...Int32.max, "The id of this broker."),
        .init("broker.id", sets: \.nodeID, allowed: 0...Int32.max, "Older name of node.id."),
        .init("broker.rack", sets: \.rack, "The rack that clients are told."),
        .init("apus.log.level", sets: \.logLevel, "Least important event that is logged."),
    ]

    private static let network: [ConfigRule<BrokerSettings>] = [
        .init("listeners", sets: \.listeners, "Where to listen: NAME://HOST:PORT, separated by commas."),
        .init("advertised.listeners", sets: \.advertisedListeners, "What clients are told to connect to."),
        .init(
            "listener.security.protocol.map", sets: \.listenerProtocolMap,
            "The security protocol of each listener name."),
        .init(
            "controller.listener.names", sets: \.controllerListenerNames,
            "Listeners of Kafka's controller; not opened here."),
        .init(
            "apus.event.loops", sets: \.eventLoops, allowed: 0...256,
            "Event loop threads; 0 is one for each processor."),
        .init(
            "socket.request.max.bytes", sets: \.requestMaxBytes, allowed: 1...Int32.max,
            "Largest request accepted."),
        .init(
            "queued.max.request.bytes", sets: \.requestMemoryBytes, allowed: -1...Int64.max,
            "Memory for requests and replies in flight; -1 is an eighth of the machine's, at most 1 GiB."),
        .init("max.connections", sets: \.maxConnections, allowed: 0...Int32.max, "Connections at a time."),
        .init(
            "max.connections.per.ip", sets: \.maxConnectionsPerAddress, allowed: 0...Int32.max,
            "Connections at a time from one address."),
        .init(
            "max.connections.per.ip.overrides", sets: \.maxConnectionsPerAddressOverrides,
            "Exceptions from max.connections.per.ip: ADDRESS:COUNT, separated by commas."),
        .init(
            "connections.max.idle.ms", sets: \.connectionsIdleMilliseconds, allowed: -1...Int64.max,
            "Silence after which a connection is closed; negative is never."),
        .init(
            "socket.listen.backlog.size", sets: \.listenBacklog, allowed: 1...Int32.max,
            "Connections waiting to be accepted."),
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
            "The directory of the metadata log; the first data directory if it is not set."),
        .init(
            "metadata.log.segment.bytes", sets: \.metadataSegmentBytes, allowed: (8 << 20)...Int32.max,
            "Segment size of the metadata log."),
        .init(
            "internal.metadata.log.segment.bytes", sets: \.metadataSegmentBytes, allowed: 1...Int32.max,
            "The same without a lower limit, for tests."),
        .init(
            "metadata.log.segment.ms", sets: \.metadataSegmentMilliseconds, allowed: 1...Int64.max,
            "Age at which a segment of the metadata log is closed."),
        .init(
            "metadata.log.max.record.bytes.between.snapshots", sets: \.metadataSnapshotBytes,
            allowed: 1...Int64.max, "Size of the new records that the metadata log gets a snapshot for."),
        .init(
            "metadata.log.max.snapshot.interval.ms", sets: \.metadataSnapshotMilliseconds,
            allowed: 0...Int64.max,
            "Time after which it gets one for fewer new records; 0 is never."),
        .init(
            "metadata.max.retention.bytes", sets: \.metadataRetentionBytes, allowed: -1...Int64.max,
            "Size of metadata log and snapshots beyond which the oldest are deleted."),
        .init(
            "metadata.max.retention.ms", sets: \.metadataRetentionMilliseconds, allowed: -1...Int64.max,
            "Age beyond which old metadata snapshots, and the log before them, are deleted."),
    ]

    private static let storage: [ConfigRule<BrokerSettings>] = [
        .init("log.dirs", sets: \.logDirectories, "The data directories."),
        .init("log.dir", sets: \.logDirectory, "The data directory where log.dirs is not set."),
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
            "How long an idle producer's sequence numbers are remembered."),
        .init(
            "producer.id.expiration.check.interval.ms", sets: \.producerExpirationCheckMilliseconds,
            allowed: 1...Int32.max, "How often it is checked which producers are idle for so long."),
        .init(
            "log.flush.offset.checkpoint.interval.ms", sets: \.checkpointMilliseconds,
            allowed: 0...Int32.max,
            "How long recovery points of what was written may be kept from their file."),
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
            "0 turns compaction off; one thread does it otherwise."),
        .init(
            "log.cleaner.dedupe.buffer.size", sets: \.cleanerMapBytes, allowed: 0...Int64.max,
            "Memory for the keys of one compaction; more keys take several passes."),
        .init(
            "log.cleaner.io.buffer.load.factor", sets: \.cleanerMapLoad, allowed: 0...1,
            "How full that memory may get."),
        .init(
            "log.cleaner.io.max.bytes.per.second", sets: \.cleanerBytesPerSecond,
            allowed: 0...Double.greatestFiniteMagnitude,
            "What compaction reads and writes in a second at most."),
        .init(
            "log.cleaner.backoff.ms", sets: \.cleanerBackoffMilliseconds, allowed: 0...Int64.max,
            "After how long it is looked for more to compact once something was written."),
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
            allowed: 0...Int32.max, "The least time between two assignments of a consumer group."),
        .init(
            "group.consumer.max.size", sets: \.consumerMaxSize, allowed: 1...Int32.max,
            "Members of a consumer group."),
        .init(
            name: "group.consumer.migration.policy", type: .string,
            summary: "Whether groups change their kind while they have members.",
            apply: { (settings, text) throws(ConfigError) in
                guard let policy = ConsumerSettings.MigrationPolicy(rawValue: text.lowercased()) else {
                    let names = ConsumerSettings.MigrationPolicy.allCases.map(\.rawValue).joined(
                        separator: ", ")
                    throw ConfigError(
                        key: "group.consumer.migration.policy", value: text,
                        problem: "String must be one of (case insensitive): \(names)")
                }
                settings.consumerMigration = policy
            },
            render: { $0.consumerMigration.rawValue }),
        .init(
            "group.consumer.assignors", sets: \.consumerAssignors,
            isAllowed: { name in Assignor.serverSide.contains { $0.rawValue == name } },
            expected: "the assignors are uniform and range",
            "What members of consumer groups may ask for; the first one where they do not."),
        .init(
            "group.initial.rebalance.delay.ms", sets: \.groupInitialRebalanceDelayMilliseconds,
            allowed: 0...Int32.max, "How long an empty group waits for more members before its first round."),
        .init(
            "offset.metadata.max.bytes", sets: \.offsetMetadataMaxBytes, allowed: 0...Int32.max,
            "Longest note beside a committed offset."),
        .init(
            "offsets.topic.num.partitions", sets: \.offsetsPartitions, allowed: 1...10_000,
            "Partitions of __consumer_offsets, when it is made."),
        .init(
            "offsets.topic.replication.factor", sets: \.offsetsReplicationFactor, allowed: 1...Int16.max,
            "Accepted for Kafka's sake: one node has one replica."),
        .init(
            "offsets.topic.segment.bytes", sets: \.offsetsSegmentBytes, allowed: 1_048_576...Int32.max,
            "Segment size of __consumer_offsets, when it is made."),
        .init(
            "offsets.topic.compression.codec", sets: \.offsetsCodec, allowed: 0...4,
            "Codec of its batches: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."),
        .init(
            "offsets.retention.minutes", sets: \.offsetsRetentionMinutes, allowed: 1...Int32.max,
            "How long offsets are kept that no group uses any more."),
        .init(
            "offsets.retention.check.interval.ms", sets: \.offsetsRetentionCheckMilliseconds,
            allowed: 1...Int64.max, "How often it is checked which offsets are unused for so long."),
    ]

    private static let topicDefaults: [ConfigRule<BrokerSettings>] = [
        .init(
            "auto.create.topics.enable", sets: \.autoCreateTopics,
            "Whether asking for an unknown topic creates it."),
        .init("delete.topic.enable", sets: \.deleteTopics, "Whether topics can be deleted."),
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
        .defaulting("compression.type", of: "compression.type"),
        .defaulting("compression.gzip.level", of: "compression.gzip.level"),
        .defaulting("compression.lz4.level", of: "compression.lz4.level"),
        .defaulting("compression.zstd.level", of: "compression.zstd.level"),
        .defaulting("log.cleanup.policy", of: "cleanup.policy"),
        .defaulting("log.cleaner.delete.retention.ms", of: "delete.retention.ms"),
        .defaulting("log.cleaner.max.compaction.lag.ms", of: "max.compaction.lag.ms"),
        .defaulting("log.cleaner.min.cleanable.ratio", of: "min.cleanable.dirty.ratio"),
        .defaulting("log.cleaner.min.compaction.lag.ms", of: "min.compaction.lag.ms"),
        .defaulting("log.index.interval.bytes", of: "index.interval.bytes"),
        .defaulting("log.index.size.max.bytes", of: "segment.index.bytes"),
        .defaulting("log.message.timestamp.after.max.ms", of: "message.timestamp.after.max.ms"),
        .defaulting("log.message.timestamp.before.max.ms", of: "message.timestamp.before.max.ms"),
        .defaulting("log.message.timestamp.type", of: "message.timestamp.type"),
        .defaulting("log.preallocate", of: "preallocate"),
        .defaulting("log.retention.bytes", of: "retention.bytes"),
        .defaulting("log.segment.bytes", of: "segment.bytes"),
        .defaulting("log.segment.delete.delay.ms", of: "file.delete.delay.ms"),
        .defaulting("message.max.bytes", of: "max.message.bytes"),
        .defaulting("min.insync.replicas", of: "min.insync.replicas"),
        .defaulting("unclean.leader.election.enable", of: "unclean.leader.election.enable"),
        .defaulting("log.retention.ms", of: "retention.ms", kept: \.retentionMilliseconds),
        .init(
            "log.retention.minutes", sets: \.retentionMinutes, allowed: -1...Int32.max,
            "The same in minutes, where log.retention.ms is not set."),
        .init(
            "log.retention.hours", sets: \.retentionHours, allowed: -1...Int32.max,
            "The same in hours, where neither of those is set."),
        .defaulting("log.roll.ms", of: "segment.ms", kept: \.rollMilliseconds),
        .init(
            "log.roll.hours", sets: \.rollHours, allowed: 1...Int32.max,
            "The same in hours, where log.roll.ms is not set."),
        .defaulting("log.roll.jitter.ms", of: "segment.jitter.ms", kept: \.rollJitterMilliseconds),
        .init(
            "log.roll.jitter.hours", sets: \.rollJitterHours, allowed: 0...Int32.max,
            "The same in hours, where log.roll.jitter.ms is not set."),
    ]

    /// The defaults of topics with the keys that can be given in several units resolved; the finest unit that
    /// is set wins.
    package var topicDefaults: TopicSettings {
        let hour: Int64 = 3_600_000
        var settings = topics
        if let retentionMilliseconds {
            settings.retentionMilliseconds = retentionMilliseconds
        } else if let retentionMinutes {
            settings.retentionMilliseconds = retentionMinutes < 0 ? -1 : Int64(retentionMinutes) * 60_000
        } else {
            settings.retentionMilliseconds = retentionHours < 0 ? -1 : Int64(retentionHours) * hour
        }
        settings.segmentMilliseconds = rollMilliseconds ?? Int64(rollHours) * hour
        settings.segmentJitterMilliseconds = rollJitterMilliseconds ?? Int64(rollJitterHours) * hour
        return settings
    }

    /// Where partitions may lie: `log.dirs`, else `log.dir`.
    package var dataDirectories: [String] { logDirectories.isEmpty ? [logDirectory] : logDirectories }

    /// Where the metadata log lies: `metadata.log.dir`, else the first data directory.
    package var metadataDirectory: String { metadataLogDirectory ?? dataDirectories[0] }
}
