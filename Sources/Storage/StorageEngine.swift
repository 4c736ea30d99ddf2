// Seam 3: what keeps the logs of a broker. The broker names partitions and topics; an engine finds, makes and
// deletes their logs, says when producers should pause, and looks after what it keeps. The one over local
// files is LocalStorage; a test, or an engine on shared storage, needs nothing but this module.
package import Base

/// The logs of one broker, wherever they are kept.
package protocol StorageEngine: AnyObject, Sendable {
    /// Whose data it is.
    var owner: StorageOwner { get }
    /// Where partitions of topics may lie, in the order of the configuration; never empty.
    var places: [any StoragePlace] { get }
    /// What those of them are called that the configuration names and the start could not have.
    var missingPlaces: [String] { get }
    /// Where the metadata log lies: one of `places`, or one beside them.
    var metadata: any StoragePlace { get }
    /// Whether an earlier run ended without a clean stop.
    var isAfterCrash: Bool { get }

    /// Begins to write; must come before the first append.
    func start() throws(StorageError)
    /// Makes everything durable and ends; the next start trusts what it finds if that is done before
    /// `deadline` on the monotonic clock.
    ///
    /// `brokerEpoch` is the epoch in which the broker was registered (KIP-966).
    func stop(brokerEpoch: Int64, by deadline: Int64) throws(StorageError)

    /// Where an open log lies.
    func place(of partition: TopicPartition) -> (any StoragePlace)?
    /// Deletes partitions of a topic, open or not; what each failed with. A place syncs once for all of them.
    func deletePartitions(_ partitions: [TopicPartition], of topicID: TopicID) -> [StorageError?]
    /// Begins to move an open partition to another of `places`.
    func beginMove(
        of partition: TopicPartition, to target: any StoragePlace
    ) throws(StorageError) -> any PartitionMove
    /// Makes sure that a partition of `metadata` lies in no other place.
    func requireAlone(_ partition: TopicPartition) throws(StorageError)
    /// Everything that was opened by now is all that the start will open.
    func finishOpening()
    /// Makes the starts of all logs durable that were moved by `PartitionLog.trim`: a few small files for
    /// each place, written whole and synced, however many logs that were.
    func saveStarts() throws(StorageError)

    /// Whether producers should pause: more is written and not durable than a budget allows.
    var isOverBudget: Bool { get }
    /// Calls `body` once that is over: at once, or on another thread.
    func whenBelowBudget(_ body: @escaping @Sendable () -> Void)
    /// Appends follow that are to become durable together.
    func beginAppends()
    /// They are done.
    func endAppends()
    /// Whether no place has room for another partition.
    var isFull: Bool { get }

    /// Has nothing appended to any log but that of the metadata, or appends go on: what a start writes there
    /// comes before the first record, and waits for space.
    func hold(_ isHeld: Bool)
    /// Writes down what `places` are called, before the metadata log names them.
    func identify() throws(StorageError)
    /// Whether the last stop vouched for a partition: neither a crash nor damage may have taken records that
    /// somebody read.
    func isVouchedFor(_ partition: TopicPartition) -> Bool
    /// Has the next start take the stop that follows for a crash: something that it asks for is left to do.
    func leaveToRecovery()

    /// Adds what is to be done now and then to `upkeep`, and what may take hours to `compaction`.
    func beginUpkeep(_ settings: UpkeepSettings, on upkeep: UpkeepScheduler, compaction: UpkeepScheduler)
    /// Compacts so from now on, where anything is compacted.
    func update(_ compaction: CompactionSettings)
    /// Has that look at what an earlier run left, once its logs are open.
    func resumeUpkeep()
    /// Has retention look at all logs now.
    func requestRetention()
}

/// Whose data an engine keeps.
package struct StorageOwner: Equatable, Sendable {
    package var clusterID: Name
    package var nodeID: Int32

    /// The node `nodeID` of the cluster `clusterID`.
    package init(clusterID: Name, nodeID: Int32) {
        self.clusterID = clusterID
        self.nodeID = nodeID
    }
}

/// How often an engine looks after what it keeps.
package struct UpkeepSettings: Sendable {
    /// `log.flush.offset.checkpoint.interval.ms`.
    package var checkpointInterval = Duration.seconds(60)
    /// `producer.id.expiration.check.interval.ms`.
    package var producerExpiryInterval = Duration.seconds(600)
    /// `log.retention.check.interval.ms`.
    package var retentionInterval = Duration.seconds(300)
    /// Nil where nothing is compacted.
    package var compaction: CompactionSettings? = CompactionSettings()

    /// Kafka's defaults.
    package init() {}
}

/// How compaction is done.
package struct CompactionSettings: Sendable {
    /// `log.cleaner.backoff.ms`.
    package var backoff = Duration.seconds(15)
    /// `log.cleaner.io.max.bytes.per.second`.
    package var bytesPerSecond = Double.greatestFiniteMagnitude
    /// `log.cleaner.dedupe.buffer.size`: memory for the keys of one compaction, in bytes.
    package var mapBytes = 128 << 20
    /// `log.cleaner.io.buffer.load.factor`: which share of it is used.
    package var mapLoad = 0.9

    /// Kafka's defaults.
    package init() {}
}
