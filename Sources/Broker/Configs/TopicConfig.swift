// THE table of topic configurations. A topic's settings are the broker's defaults with the topic's own values
// applied over them.
package import Base

/// What happens to old records of a topic; `compact,delete` is both.
package struct CleanupPolicy: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    /// The policies whose bits are set.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Records are deleted by age and size.
    package static let delete = CleanupPolicy(rawValue: 1)
    /// Only the last record of each key is kept.
    package static let compact = CleanupPolicy(rawValue: 2)
}

/// Whether a record's time is its producer's or the broker's (KIP-32).
package enum TimestampSource: String, CaseIterable, Sendable {
    case createTime = "CreateTime"
    case logAppendTime = "LogAppendTime"
}

/// What the broker does with the codec of arriving batches, in the order in which Kafka lists it.
package enum TopicCompression: String, CaseIterable, Sendable {
    case uncompressed, zstd, lz4, snappy, gzip, producer
}

/// The settings of one topic, defaults included; each field is a row of `TopicSettings.rules`, which says
/// what it means.
package struct TopicSettings: Equatable, Sendable {
    package var cleanupPolicies = ["delete"]
    package var compressionType = TopicCompression.producer
    package var compressionGzipLevel: Int32 = -1
    package var compressionLZ4Level: Int32 = 9
    package var compressionZstdLevel: Int32 = 3
    package var deleteRetentionMilliseconds: Int64 = 86_400_000
    package var fileDeleteDelayMilliseconds: Int64 = 60_000
    package var flushMessages = Int64.max
    package var flushMilliseconds = Int64.max
    package var followerThrottledReplicas: [String] = []
    package var indexIntervalBytes: Int32 = 4096
    package var leaderThrottledReplicas: [String] = []
    package var localRetentionBytes: Int64 = -2
    package var localRetentionMilliseconds: Int64 = -2
    package var maxCompactionLagMilliseconds = Int64.max
    package var maxMessageBytes: Int32 = 1_048_588
    package var timestampAfterMaxMilliseconds: Int64 = 3_600_000
    package var timestampBeforeMaxMilliseconds = Int64.max
    package var timestampSource = TimestampSource.createTime
    package var minCleanableDirtyRatio = 0.5
    package var minCompactionLagMilliseconds: Int64 = 0
    package var minInSyncReplicas: Int32 = 1
    package var preallocate = false
    package var remoteLogCopyDisable = false
    package var remoteLogDeleteOnDisable = false
    package var remoteStorageEnable = false
    package var retentionBytes: Int64 = -1
    package var retentionMilliseconds: Int64 = 604_800_000
    package var segmentBytes: Int32 = 1 << 30
    package var segmentIndexBytes: Int32 = 10 << 20
    package var segmentJitterMilliseconds: Int64 = 0
    package var segmentMilliseconds: Int64 = 604_800_000
    package var uncleanLeaderElectionEnable = false

    /// Kafka's defaults.
    package init() {}

    /// `cleanupPolicies` as a set.
    package var cleanupPolicy: CleanupPolicy {
        var policy: CleanupPolicy = []
        if cleanupPolicies.contains("delete") { policy.insert(.delete) }
        if cleanupPolicies.contains("compact") { policy.insert(.compact) }
        return policy
    }
}

extension TopicSettings {
    /// Every topic configuration, in the order of its name.
    package static let rules: [ConfigRule<TopicSettings>] = [
        .init(
            "cleanup.policy", sets: \.cleanupPolicies, of: .list(["compact", "delete"], mayBeEmpty: true),
            "Delete old records, or keep the last of each key."
        ).from("log.cleanup.policy"),
        .init(
            "compression.gzip.level", sets: \.compressionGzipLevel, allowed: 1...9, or: -1,
            "Level when recompressing with gzip."
        ).from("compression.gzip.level"),
        .init(
            "compression.lz4.level", sets: \.compressionLZ4Level, allowed: 1...17,
            "Level when recompressing with lz4."
        ).from("compression.lz4.level"),
        .init(
            "compression.type", sets: \.compressionType,
            "Codec that batches are stored in; producer keeps theirs."
        ).from("compression.type"),
        .init(
            "compression.zstd.level", sets: \.compressionZstdLevel, allowed: -131_072...22,
            "Level when recompressing with zstd."
        ).from("compression.zstd.level"),
        .init(
            "delete.retention.ms", sets: \.deleteRetentionMilliseconds, allowed: 0...Int64.max,
            "How long a compacted topic keeps tombstones."
        ).from("log.cleaner.delete.retention.ms"),
        .init(
            "file.delete.delay.ms", sets: \.fileDeleteDelayMilliseconds, allowed: 0...Int64.max,
            "How long a deleted segment's files remain."
        ).from("log.segment.delete.delay.ms"),
        .init(
            "flush.messages", sets: \.flushMessages, allowed: 1...Int64.max, "Records between two syncs."
        ).from("log.flush.interval.messages").idle(Unused.flushing),
        .init(
            "flush.ms", sets: \.flushMilliseconds, allowed: 0...Int64.max, "Time between two syncs."
        ).from("log.flush.interval.ms", "log.flush.scheduler.interval.ms").idle(Unused.flushing),
        .init(
            "follower.replication.throttled.replicas", sets: \.followerThrottledReplicas, of: .replicas,
            "Replicas that are held back."
        ).idle(Unused.replicas),
        .init(
            "index.interval.bytes", sets: \.indexIntervalBytes, allowed: 0...Int32.max,
            "Bytes of log between two entries of the offset index."
        ).from("log.index.interval.bytes"),
        .init(
            "leader.replication.throttled.replicas", sets: \.leaderThrottledReplicas, of: .replicas,
            "Replicas that are held back."
        ).idle(Unused.replicas),
        .init(
            "local.retention.bytes", sets: \.localRetentionBytes, allowed: -2...Int64.max,
            "What stays beside remote storage."
        ).from("log.local.retention.bytes").idle(Unused.tiering),
        .init(
            "local.retention.ms", sets: \.localRetentionMilliseconds, allowed: -2...Int64.max,
            "What stays beside remote storage."
        ).from("log.local.retention.ms").idle(Unused.tiering),
        .init(
            "max.compaction.lag.ms", sets: \.maxCompactionLagMilliseconds, allowed: 1...Int64.max,
            "A record is compacted at the latest after this time."
        ).from("log.cleaner.max.compaction.lag.ms"),
        .init(
            "max.message.bytes", sets: \.maxMessageBytes, allowed: 0...Int32.max,
            "Largest batch accepted, as stored."
        ).from("message.max.bytes"),
        .init(
            "message.timestamp.after.max.ms", sets: \.timestampAfterMaxMilliseconds, allowed: 0...Int64.max,
            "How far a record's time may lie in the future."
        ).from("log.message.timestamp.after.max.ms"),
        .init(
            "message.timestamp.before.max.ms", sets: \.timestampBeforeMaxMilliseconds, allowed: 0...Int64.max,
            "How far a record's time may lie in the past."
        ).from("log.message.timestamp.before.max.ms"),
        .init(
            "message.timestamp.type", sets: \.timestampSource, "Whether records keep their producer's time."
        ).from("log.message.timestamp.type"),
        .init(
            "min.cleanable.dirty.ratio", sets: \.minCleanableDirtyRatio, allowed: 0...1,
            "Share of uncompacted bytes from which a log is compacted."
        ).from("log.cleaner.min.cleanable.ratio"),
        .init(
            "min.compaction.lag.ms", sets: \.minCompactionLagMilliseconds, allowed: 0...Int64.max,
            "A record is not compacted before this time."
        ).from("log.cleaner.min.compaction.lag.ms"),
        .init(
            "min.insync.replicas", sets: \.minInSyncReplicas, allowed: 1...Int32.max,
            "Stored; one node always satisfies it."
        ).from("min.insync.replicas"),
        .init("preallocate", sets: \.preallocate, "Whether segments take their whole size at once.")
            .from("log.preallocate").idle(Unused.preallocation),
        .init("remote.log.copy.disable", sets: \.remoteLogCopyDisable, "Whether nothing more is uploaded.")
            .idle(Unused.tiering),
        .init(
            "remote.log.delete.on.disable", sets: \.remoteLogDeleteOnDisable,
            "Whether what was uploaded goes with remote storage."
        ).idle(Unused.tiering),
        .init("remote.storage.enable", sets: \.remoteStorageEnable, "Whether closed segments are uploaded.")
            .idle(Unused.tiering),
        .init(
            "retention.bytes", sets: \.retentionBytes, allowed: Int64.min...Int64.max,
            "Bytes kept per partition; -1 keeps all."
        ).from("log.retention.bytes"),
        .init(
            "retention.ms", sets: \.retentionMilliseconds, allowed: -1...Int64.max,
            "How long records are kept; -1 keeps them for ever."
        ).from("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
        .init(
            "segment.bytes", sets: \.segmentBytes, allowed: 1_048_576...Int32.max,
            "Size at which a segment is rolled."
        ).from("log.segment.bytes"),
        .init(
            "segment.index.bytes", sets: \.segmentIndexBytes, allowed: 4...Int32.max,
            "Largest size of a segment's offset index."
        ).from("log.index.size.max.bytes"),
        .init(
            "segment.jitter.ms", sets: \.segmentJitterMilliseconds, allowed: 0...Int64.max,
            "Spread of the age at which segments are rolled."
        ).from("log.roll.jitter.ms", "log.roll.jitter.hours"),
        .init(
            "segment.ms", sets: \.segmentMilliseconds, allowed: 1...Int64.max,
            "Age at which a segment is rolled."
        ).from("log.roll.ms", "log.roll.hours"),
        .init(
            "unclean.leader.election.enable", sets: \.uncleanLeaderElectionEnable,
            "Whether a replica that lacks records may lead."
        ).from("unclean.leader.election.enable").idle(Unused.replicas),
    ]

    /// The smaller segments that tests of Kafka and its recordings use; not listed among a topic's
    /// configurations.
    static let internalSegmentBytes = ConfigRule<TopicSettings>(
        "internal.segment.bytes", sets: \.segmentBytes, allowed: 64...Int32.max,
        "segment.bytes without its lower limit."
    ).hidden

    private static let rulesByName = Dictionary(
        uniqueKeysWithValues: (rules + [internalSegmentBytes]).map { ($0.name, $0) })

    /// The row of `name`, also where it is hidden; nil for a key that topics do not have.
    static func rule(_ name: Name) -> ConfigRule<TopicSettings>? { rulesByName[name] }

    /// What keys are by Kafka's defaults.
    static let defaults: [Name: String] = Dictionary(
        uniqueKeysWithValues: rules.compactMap { rule in
            rule.render(TopicSettings()).map { (rule.name, $0) }
        })

    /// The row of the key whose default is the broker's key `name`.
    static func rule(defaultedBy name: Name) -> ConfigRule<TopicSettings> {
        guard let rule = rules.first(where: { $0.key.synonyms.contains(name) }) else {
            preconditionFailure("\(name) is the default of no topic key")
        }
        return rule
    }

    /// These settings with a topic's own values applied over them, each checked, and then their relations.
    package func applying(_ values: [Name: String]) throws(ConfigError) -> TopicSettings {
        var settings = self
        for key in values.keys.sorted() where Self.rulesByName[key] == nil {
            throw ConfigError(key: key, sentence: "Unknown topic config name: \(key)")
        }
        for rule in Self.rules + [Self.internalSegmentBytes] {
            if let value = values[rule.name] { try rule.apply(&settings, value) }
        }
        try settings.checkRelations()
        return settings
    }

    /// Refuses values that contradict each other, or ask for what there is not.
    package func checkRelations() throws(ConfigError) {
        guard minCompactionLagMilliseconds <= maxCompactionLagMilliseconds else {
            throw ConfigError(
                key: "min.compaction.lag.ms",
                sentence: "conflict topic config setting min.compaction.lag.ms "
                    + "(\(minCompactionLagMilliseconds)) > max.compaction.lag.ms "
                    + "(\(maxCompactionLagMilliseconds))")
        }
        if remoteStorageEnable {
            throw ConfigError(
                key: "remote.storage.enable",
                sentence: "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                    + "configured with remote log storage.")
        }
    }
}
