// At start: a partition for every one that the metadata log names. Their logs are opened later.
internal import Base
internal import Storage

/// Turns the metadata's topics into topics whose partitions are to be opened.
struct TopicOpening {
    private let image: MetadataImage
    private let places: PartitionPlaces
    private let settings: BrokerSettings
    private let configurations: TopicConfigurations
    private let logger: Logger

    init(
        _ image: MetadataImage, _ places: PartitionPlaces, _ settings: BrokerSettings,
        _ configurations: TopicConfigurations, _ logger: Logger
    ) {
        self.image = image
        self.places = places
        self.settings = settings
        self.configurations = configurations
        self.logger = logger
    }

    /// Every topic; none may be served before `takeLeadership`.
    func topics(openedBy opening: PartitionOpening) -> [Topic] {
        image.topics.values.map { state in
            let overrides = image.configs[.topic(state.name)] ?? [:]
            let settings = self.settings.topicSettings(with: overrides, of: state.name, logger)
            let config = SharedLogConfig(LogConfig(settings, self.settings))
            let partitions = (0..<Int32(state.partitions.count)).map { index in
                let id = TopicPartition(topic: state.name, partition: PartitionIndex(index))
                let directory = places.directory(of: id, state.partitions[index])
                directory?.expect(1)
                return Partition(
                    LogToOpen(
                        id: id, topicID: state.id, config: config, directory: directory,
                        isNew: !places.isFound(id)), by: opening)
            }
            return Topic(
                name: state.name, id: state.id, partitions: partitions,
                configuration: configurations.shared(overrides, settings))
        }
    }
}

extension BrokerSettings {
    /// The settings of a topic with values of its own.
    ///
    /// Those that this version refuses, or does not know, were accepted by another one: they have no effect,
    /// and those beside them keep theirs, as a retention that is passed over would delete records. Only then
    /// are they taken one by one, as some go together alone.
    func topicSettings(with overrides: [Name: String], of topic: Name, _ logger: Logger) -> TopicSettings {
        if let whole = try? topicDefaults.applying(overrides) { return whole }
        var effective = topicDefaults
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) {
            do throws(ConfigError) {
                effective = try effective.applying([key: value])
            } catch {
                logger.logLimited(
                    .error, "topic_config.refused", ["topic": topic.text, "error": error.description])
            }
        }
        return effective
    }
}

extension LogConfig {
    /// The settings of a topic's logs.
    init(_ topic: TopicSettings, _ broker: BrokerSettings) {
        self.init()
        segmentBytes = Int(topic.segmentBytes)
        let policy = topic.cleanupPolicy
        deletes = policy.contains(.delete)
        compacts = policy.contains(.compact)
        // What has to be compacted after some time has to be closed by then.
        segmentAgeMax = .milliseconds(
            compacts
                ? min(topic.segmentMilliseconds, topic.maxCompactionLagMilliseconds)
                : topic.segmentMilliseconds)
        retentionAge = topic.retentionMilliseconds < 0 ? nil : .milliseconds(topic.retentionMilliseconds)
        retentionBytes = topic.retentionBytes < 0 ? nil : topic.retentionBytes
        fileDeleteDelay = .milliseconds(topic.fileDeleteDelayMilliseconds)
        deleteRetention = .milliseconds(topic.deleteRetentionMilliseconds)
        compactionLagMin = .milliseconds(topic.minCompactionLagMilliseconds)
        compactionLagMax = .milliseconds(topic.maxCompactionLagMilliseconds)
        dirtyRatioMin = topic.minCleanableDirtyRatio
        segmentJitter = .milliseconds(topic.segmentJitterMilliseconds)
        indexIntervalBytes = Int(topic.indexIntervalBytes)
        indexBytesMax = Int(topic.segmentIndexBytes)
        producerExpiry = .milliseconds(broker.producerIDExpirationMilliseconds)
        durability = broker.durability
    }
}
