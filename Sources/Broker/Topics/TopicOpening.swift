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
                wanted.append(LogToOpen(id: id, topicID: state.id, config: config))
            }
        }
        var logs = storage.openLogs(wanted, threads: Machine.processorCount, logger)[...]
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
}

extension LogDirectory {
    /// The open logs of many partitions, as `openLog` gives them.
    func openLogs(
        _ wanted: [LogToOpen], threads: Int, _ logger: Logger, leadingIn epoch: LeaderEpoch? = nil
    ) -> [PartitionLog?] {
        let logs = Lock([PartitionLog?](repeating: nil, count: wanted.count))
        runInParallel(wanted.count, threads: threads) { number in
            let log = self.openLog(wanted[number], logger, leadingIn: epoch)
            logs.withLock { $0[number] = log }
        }
        return logs.withLock { $0 }
    }

    /// The open log of a partition, created if it is not there; nil, with a line in the log, if it cannot be
    /// had; led in `epoch`, if that is given.
    private func openLog(
        _ wanted: LogToOpen, _ logger: Logger, leadingIn epoch: LeaderEpoch?
    ) -> PartitionLog? {
        do throws(StorageError) {
            let log = try openOrCreate(wanted.id, wanted.topicID, wanted.config)
            if let epoch { try log.becomeLeader(epoch: epoch) }
            return log
        } catch {
            logger.log(.error, "partition.offline", ["partition": "\(wanted.id)", "error": "\(error)"])
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
