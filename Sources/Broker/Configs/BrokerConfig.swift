// The settings of a broker. THE table of the keys that set them, and of all others that Kafka knows, is
// `BrokerSettings.rules`.
package import Base
package import Coordinator
package import Security
package import Storage

/// The broker's settings; each field is a row of `BrokerSettings.rules`, which says what it means.
package struct BrokerSettings: Sendable {
    package var nodeID: Int32 = 1
    /// `broker.id`, the older name of `node.id`; negative asks for any.
    package var brokerID: Int32?
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
    /// `listener.security.protocol.map`; nil is one entry for each protocol by its own name.
    package var listenerProtocolMap: String?
    /// The class that `authorizer.class.name` asks for; nil for none.
    package var authorizerClass: String?
    /// What it goes by beside the rules.
    package var accessPolicy = AccessPolicy()
    package var interBrokerListener: String?
    package var interBrokerProtocol: String?
    package var processRoles: [String] = []
    package var controllerListenerNames: [String] = []
    package var eventLoops: Int32 = 0
    package var autoCreateTopics = true
    package var deleteTopics = true
    package var defaultPartitions: Int32 = 1
    ///
    /// 0 is what memory has room for, which a start fills in; without a start there is no limit.
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
    package var maxConnectionsPerAddressOverrides = AddressLimits()
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
    /// What compaction gets of that at most; no key, but what the memory allows (`SystemLimits`).
    var cleanerMapBytesMax = Int64.max
    package var cleanerMapLoad = 0.9
    package var cleanerBytesPerSecond = Double.greatestFiniteMagnitude
    package var cleanerBackoffMilliseconds: Int64 = 15_000
    package var groupMinSessionMilliseconds: Int32 = 6_000
    package var groupMaxSessionMilliseconds: Int32 = 1_800_000
    package var groupMaxSize: Int32 = .max
    package var consumerSessionMilliseconds: Int32 = 45_000
    package var consumerHeartbeatMilliseconds: Int32 = 5_000
    package var consumerAssignmentMilliseconds: Int32 = 1_000
    package var consumerBounds = ConsumerBounds()
    package var consumerMaxSize: Int32 = .max
    package var consumerMigration = ConsumerSettings.MigrationPolicy.bidirectional
    package var consumerAssignors = Assignor.serverSide.map(\.rawValue.text)
    package var groupInitialRebalanceDelayMilliseconds: Int32 = 0
    package var offsetMetadataMaxBytes: Int32 = 4096
    package var offsetsPartitions: Int32 = 50
    package var offsetsReplicationFactor: Int16 = 1
    package var offsetsSegmentBytes: Int32 = 100 << 20
    package var offsetsCodec: Int32 = 0
    package var offsetsRetentionMinutes: Int32 = 10_080
    package var offsetsRetentionCheckMilliseconds: Int64 = 600_000
    package var transactionsPartitions: Int32 = 50
    package var transactionsReplicationFactor: Int16 = 1
    package var transactionsMinInSyncReplicas: Int32 = 1
    package var transactionsSegmentBytes: Int32 = 100 << 20
    package var transactionTimeoutMaxMilliseconds: Int32 = 900_000
    package var transactionalIDExpirationMilliseconds: Int32 = 604_800_000
    package var transactionExpiryCheckMilliseconds: Int32 = 3_600_000
    package var logLevel = LogLevel.info
    package var retentionMilliseconds: Int64?
    package var retentionMinutes: Int32?
    package var retentionHours: Int32 = 168
    package var rollMilliseconds: Int64?
    package var rollHours: Int32 = 168
    package var rollJitterMilliseconds: Int64?
    package var rollJitterHours: Int32 = 0
    package var flushMilliseconds: Int64?
    package var flushSchedulerMilliseconds = Int64.max
    /// The defaults of topics, as far as their keys are not above.
    package var topics = TopicSettings()
    /// The values that were given, by key, as they were written: in the file, the environment or by flags.
    package var given: [Name: String] = [:]

    /// The defaults.
    package init() {}
}

/// Between what the timing of single consumer groups may be configured.
package struct ConsumerBounds: Sendable {
    package var sessionMin: Int32 = 45_000
    package var sessionMax: Int32 = 60_000
    package var heartbeatMin: Int32 = 5_000
    package var heartbeatMax: Int32 = 15_000
    package var assignmentMin: Int32 = 0
    package var assignmentMax: Int32 = 15_000

    /// Kafka's defaults.
    package init() {}
}

extension BrokerSettings {
    /// Every broker configuration of Kafka, and our own.
    package static let rules: [ConfigRule<BrokerSettings>] = honoured + withoutEffect + protections

    private static let rulesByName = Dictionary(uniqueKeysWithValues: rules.map { ($0.name, $0) })

    /// The row of `name`; nil for a key that nobody knows, or that is one of a listener.
    static func rule(_ name: Name) -> ConfigRule<BrokerSettings>? { rulesByName[name] }

    /// What keys are where nobody sets them; those without a value are left out.
    static let defaults: [Name: String] = {
        let unset = BrokerSettings()
        return Dictionary(
            uniqueKeysWithValues: rules.compactMap { rule in
                (rule.key.unsetText ?? rule.render(unset)).map { (rule.name, $0) }
            })
    }()

    /// The defaults of topics with the keys that can be given in several units resolved; the finest unit that
    /// is set wins.
    package var topicDefaults: TopicSettings {
        let hour: Int64 = 3_600_000
        var settings = topics
        if let retentionMilliseconds {
            settings.retentionMilliseconds = retentionMilliseconds < 0 ? -1 : retentionMilliseconds
        } else if let retentionMinutes {
            settings.retentionMilliseconds = retentionMinutes < 0 ? -1 : Int64(retentionMinutes) * 60_000
        } else {
            settings.retentionMilliseconds = retentionHours < 0 ? -1 : Int64(retentionHours) * hour
        }
        settings.segmentMilliseconds = rollMilliseconds ?? Int64(rollHours) * hour
        settings.segmentJitterMilliseconds = rollJitterMilliseconds ?? Int64(rollJitterHours) * hour
        settings.flushMilliseconds = flushMilliseconds ?? flushSchedulerMilliseconds
        return settings
    }

    /// Where partitions may lie: `log.dirs`, else `log.dir`, which is a list as well.
    package var dataDirectories: [String] {
        logDirectories.isEmpty ? ConfigKind.split(logDirectory) : logDirectories
    }

    /// Where the metadata log lies: `metadata.log.dir`, else the first data directory.
    package var metadataDirectory: String { metadataLogDirectory ?? dataDirectories[0] }
}
