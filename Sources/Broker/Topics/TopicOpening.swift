// At start: opens a log for every partition that the metadata log names.
internal import Base
internal import Storage

/// Turns the metadata's topics into topics with open logs.
struct TopicOpening {
    private let image: MetadataImage
    private let storage: LogDirectory
    private let settings: BrokerSettings
    private let logger: Logger

    init(_ image: MetadataImage, _ storage: LogDirectory, _ settings: BrokerSettings, _ logger: Logger) {
        self.image = image
        self.storage = storage
        self.settings = settings
        self.logger = logger
    }

    /// Every topic.
    ///
    /// A partition whose log is damaged is served with errors while the others are served as usual.
    func open() -> [Topic] {
        image.topics.values.map { state in
            let overrides = image.configs[.topic(state.name)] ?? [:]
            let topicSettings = effectiveSettings(overrides, of: state.name)
            let config = LogConfig(topicSettings, settings)
            let partitions = (0..<Int32(state.partitions.count)).map { index in
                let id = TopicPartition(topic: state.name, partition: PartitionIndex(index))
                let epoch = LeaderEpoch(state.partitions[index]?.leaderEpoch ?? 0)
                return Partition(id: id, log: storage.openLog(id, state.id, epoch, config, logger))
            }
            return Topic(
                name: state.name, id: state.id, partitions: partitions, overrides: overrides,
                settings: topicSettings)
        }
    }

    /// Values that this version refuses were accepted by another one: the topic is served with defaults
    /// rather than not at all.
    private func effectiveSettings(_ overrides: [String: String], of topic: String) -> TopicSettings {
        do throws(ConfigError) {
            return try settings.topicDefaults.applying(overrides)
        } catch {
            logger.log(.error, "topic.config_invalid", ["topic": topic, "error": error.description])
            return settings.topicDefaults
        }
    }
}

extension LogDirectory {
    /// The open log of a partition, created if it is not there; nil, with a line in the log, if it cannot be
    /// had.
    func openLog(
        _ partition: TopicPartition, _ id: TopicID, _ epoch: LeaderEpoch, _ config: LogConfig,
        _ logger: Logger
    ) -> PartitionLog? {
        do throws(StorageError) {
            let log = try openOrCreate(partition, id, config)
            try log.becomeLeader(epoch: epoch)
            return log
        } catch {
            logger.log(.error, "partition.offline", ["partition": "\(partition)", "error": "\(error)"])
            return nil
        }
    }
}

extension LogDirectory {
    /// The metadata names the partition, so a directory that is missing was never made: the crash came
    /// between record and directory.
    private func openOrCreate(
        _ partition: TopicPartition, _ id: TopicID, _ config: LogConfig
    ) throws(StorageError) -> PartitionLog {
        do throws(StorageError) {
            return try openPartition(partition, id: id, config: config)
        } catch .partitionMissing {
            return try createPartition(partition, id: id, config: config)
        }
    }
}

extension LogConfig {
    /// The settings of a topic's logs.
    init(_ topic: TopicSettings, _ broker: BrokerSettings) {
        self.init()
        segmentBytes = Int(topic.segmentBytes)
        segmentAgeMax = .milliseconds(topic.segmentMilliseconds)
        segmentJitter = .milliseconds(topic.segmentJitterMilliseconds)
        indexIntervalBytes = Int(topic.indexIntervalBytes)
        indexBytesMax = Int(topic.segmentIndexBytes)
        producerExpiry = .milliseconds(broker.producerIDExpirationMilliseconds)
        durability = broker.durability
    }
}
