// At start: opens a log for every partition that the metadata log names.
internal import Base
internal import Storage

/// Turns the metadata's topics into topics with open logs.
struct TopicOpening {
    private let image: MetadataImage
    private let places: PartitionPlaces
    private let settings: BrokerSettings
    private let logger: Logger

    init(
        _ image: MetadataImage, _ places: PartitionPlaces, _ settings: BrokerSettings, _ logger: Logger
    ) {
        self.image = image
        self.places = places
        self.settings = settings
        self.logger = logger
    }

    /// Every topic.
    ///
    /// After a crash opening means reading what was written since the last checkpoint, so all processors take
    /// part. A partition whose log is damaged is served with errors while the others are served as usual.
    /// None may be served before `takeLeadership`.
    func open() -> [Topic] {
        let states = Array(image.topics.values)
        let settings = states.map { state in
            effectiveSettings(image.configs[.topic(state.name)] ?? [:], of: state.name)
        }
        var wanted: [LogToOpen] = []
        for (state, settings) in zip(states, settings) {
            let config = LogConfig(settings, self.settings)
            for index in 0..<Int32(state.partitions.count) {
                let id = TopicPartition(topic: state.name, partition: PartitionIndex(index))
                let directory = places.directory(of: id, state.partitions[index])
                wanted.append(
                    LogToOpen(id: id, topicID: state.id, config: config, directory: directory))
            }
        }
        var logs = wanted.opened(threads: Machine.processorCount, logger)[...]
        return zip(states, settings).map { state, settings in
            let partitions = zip(0..<Int32(state.partitions.count), logs).map { index, log in
                Partition(
                    id: TopicPartition(topic: state.name, partition: PartitionIndex(index)), log: log)
            }
            logs = logs.dropFirst(partitions.count)
            return Topic(
                name: state.name, id: state.id, partitions: partitions,
                overrides: image.configs[.topic(state.name)] ?? [:], settings: settings)
        }
    }

    /// Values that this version refuses, or does not know, were accepted by another one: they have no effect,
    /// and those beside them keep theirs, as a retention that is passed over would delete records.
    private func effectiveSettings(_ overrides: [String: String], of topic: String) -> TopicSettings {
        var effective = settings.topicDefaults
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) {
            do throws(ConfigError) {
                effective = try effective.applying([key: value])
            } catch {
                logger.log(.error, "topic.config_invalid", ["topic": topic, "error": error.description])
            }
        }
        return effective
    }
}

/// A partition whose log is to be opened.
struct LogToOpen: Sendable {
    let id: TopicPartition
    let topicID: TopicID
    let config: LogConfig
    /// Where it lies; nil if its directory is not there.
    let directory: LogDirectory?

    /// The open log of a partition, created if it is not there; nil, with a line in the log, if it cannot be
    /// had; led in `epoch`, if that is given.
    fileprivate func opened(_ logger: Logger, leadingIn epoch: LeaderEpoch?) -> PartitionLog? {
        guard let directory else {
            logger.log(
                .error, "partition.offline",
                [
                    "partition": "\(id)",
                    "error": "the data directory that it was given is not among log.dirs, or is offline",
                ])
            return nil
        }
        do throws(StorageError) {
            let log = try directory.openOrCreate(id, topicID, config)
            if let epoch { try log.becomeLeader(epoch: epoch) }
            return log
        } catch {
            logger.log(.error, "partition.offline", ["partition": "\(id)", "error": "\(error)"])
            return nil
        }
    }
}

extension [LogToOpen] {
    /// The open logs of many partitions, each nil where it cannot be had.
    func opened(
        threads: Int, _ logger: Logger, leadingIn epoch: LeaderEpoch? = nil
    ) -> [PartitionLog?] {
        let logs = Lock([PartitionLog?](repeating: nil, count: count))
        runInParallel(count, threads: threads) { number in
            let log = self[number].opened(logger, leadingIn: epoch)
            logs.withLock { $0[number] = log }
        }
        return logs.withLock { $0 }
    }
}

extension LogDirectory {
    /// The metadata names the partition, so a directory that is missing was never made: the crash came
    /// between record and directory.
    fileprivate func openOrCreate(
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
