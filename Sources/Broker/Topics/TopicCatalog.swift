// The topics of the broker, and how they change. A change is decided, written to the metadata log and made
// durable there, then carried out on the disk, then shown: creation is record, directory, visible; deletion
// is record, invisible, directory. Changes run one after another on a thread of their own, as they wait for
// the disk; requests read an immutable directory and wait for nobody.
package import Base
internal import Protocol
package import Storage

/// A topic named in a request: by name, or by id where the name is nil.
package struct TopicReference: Sendable {
    package let name: String?
    package let id: TopicID
}

/// What a creation gave.
package struct CreatedTopic: Sendable {
    package let name: String
    /// Like Kafka, also for a topic that was only checked, though nothing has this id then.
    package let id: TopicID
    package let partitionCount: Int32
    package let overrides: [String: String]
    package let settings: TopicSettings
}

/// The topics, and the thread that changes them.
package final class TopicCatalog: Sendable {
    private struct State {
        var topics = TopicDirectory()
        var features: [String: Int16] = [:]
        var metadataOffset = Offset.zero
        /// Told of every topic that was deleted.
        var whenDeleted: @Sendable (_ name: String) -> Void = { _ in }
        /// Told of the topics whenever they changed.
        var whenChanged: @Sendable (TopicDirectory) -> Void = { _ in }
    }
    private let state = Lock(State())
    private let metadata: MetadataLog
    private let storage: LogDirectories
    private let settings: BrokerSettings
    private let logger: Logger
    private let worker: SerialWorker
    private let leadership: Leadership
    /// What opens the logs of partitions.
    let opening: PartitionOpening

    /// The catalog of what `metadata` says, with partitions whose logs in `storage` are not open and not yet
    /// led.
    package init(
        metadata: MetadataLog, storage: LogDirectories, settings: BrokerSettings, worker: SerialWorker,
        logger: Logger
    ) throws(StartError) {
        self.metadata = metadata
        self.storage = storage
        self.settings = settings
        self.worker = worker
        self.logger = logger
        leadership = Leadership(
            metadata: metadata, nodeID: settings.nodeID, storage: storage, logger: logger)
        opening = PartitionOpening(
            leadership, removedTopics: metadata.image.removedTopics,
            background: { storage.metadata.runInBackground($0) }, logger: logger)
        let places = try PartitionPlaces(metadata.image, storage)
        let topics = TopicOpening(metadata.image, places, settings, logger).topics(openedBy: opening)
        state.withLock { $0.topics = TopicDirectory(topics) }
        notePosition()
    }

    /// Leads all partitions, after a crash in new epochs; must come before any of them is opened or served.
    ///
    /// Blocks until the new epochs are durable.
    func takeLeadership() throws(StartError) {
        try leadership.take(topics.all, raisesAll: storage.isAfterCrash)
        notePosition()
    }

    /// The topics as they are now.
    package var topics: TopicDirectory { state.withLock { $0.topics } }
    /// Finalized feature levels.
    package var features: [String: Int16] { state.withLock { $0.features } }
    /// The last offset of the metadata log that is applied.
    package var metadataOffset: Offset { state.withLock { $0.metadataOffset } }

    /// Calls `body` on the catalog's thread with the name of each topic that is deleted from now on.
    func whenDeleted(_ body: @escaping @Sendable (_ name: String) -> Void) {
        state.withLock { $0.whenDeleted = body }
    }

    /// Calls `body` on the catalog's thread with the topics after each change, before anybody is told that it
    /// is done.
    func whenChanged(_ body: @escaping @Sendable (TopicDirectory) -> Void) {
        state.withLock { $0.whenChanged = body }
    }

    private func change(_ body: (TopicDirectory) -> TopicDirectory) {
        let (topics, tell) = state.withLock { state in
            state.topics = body(state.topics)
            return (state.topics, state.whenChanged)
        }
        tell(topics)
    }

    private func notePosition() {
        let (features, offset) = (metadata.image.features, metadata.lastOffset)
        state.withLock {
            $0.features = features
            $0.metadataOffset = offset
        }
    }

    /// Creates topics, or with `validateOnly` checks them; `done` gets one result for each, in order, on the
    /// catalog's thread.
    package func create(
        _ wanted: [NewTopic], by requester: String, validateOnly: Bool,
        then done: @escaping @Sendable ([Result<CreatedTopic, TopicRefusal>]) -> Void
    ) {
        worker.run { [self] in done(createNow(wanted, by: requester, validateOnly: validateOnly)) }
    }

    /// Deletes topics; `done` gets one result for each, in order, on the catalog's thread.
    package func delete(
        _ targets: [TopicReference], by requester: String,
        then done: @escaping @Sendable ([Result<TopicReferenceFound, TopicRefusal>]) -> Void
    ) {
        worker.run { [self] in done(targets.map { target in deleteNow(target, by: requester) }) }
    }

    private func createNow(
        _ wanted: [NewTopic], by requester: String, validateOnly: Bool
    ) -> [Result<CreatedTopic, TopicRefusal>] {
        var plans: [PlannedTopic] = []
        var results: [Result<CreatedTopic, TopicRefusal>] = []
        var generator = SystemRandomNumberGenerator()
        for topic in wanted {
            do throws(TopicRefusal) {
                let checked = try topic.checked(against: topics, settings)
                let id = UUID.random(using: &generator)
                plans.append(PlannedTopic(checked: checked, id: id))
                results.append(.success(CreatedTopic(checked, id: id)))
            } catch {
                results.append(.failure(error))
            }
        }
        guard !validateOnly, !plans.isEmpty else { return results }
        guard !storage.isReserveReached else {
            return refuse(
                results, "No topic is created, as less is free on the disk than apus.disk.reserve.bytes.")
        }
        var loads = DirectoryLoads(storage)
        for number in plans.indices {
            plans[number].directories = (0..<plans[number].checked.partitionCount).map { _ in loads.next() }
        }
        do throws(MetadataError) {
            try metadata.append(plans.flatMap { records(creating: $0) })
            let made = plans.map { plan in
                let topic = make(plan)
                log(plan.checked, id: plan.id, by: requester)
                return topic
            }
            change { $0.adding(made) }
            notePosition()
            return results
        } catch {
            return refuse(results, error.description)
        }
    }

    /// Makes storage errors of what would have been created.
    private func refuse(
        _ results: [Result<CreatedTopic, TopicRefusal>], _ reason: String
    ) -> [Result<CreatedTopic, TopicRefusal>] {
        let refusal = TopicRefusal(code: .kafkaStorageError, message: reason)
        return results.map { result in if case .success = result { .failure(refusal) } else { result } }
    }

    private func log(_ topic: CheckedTopic, id: TopicID, by requester: String) {
        logger.log(
            .info, "topic.created",
            ["topic": topic.name, "partitions": "\(topic.partitionCount)", "id": "\(id)", "by": requester])
        if let factor = topic.clampedReplicationFactor {
            logger.log(
                .warning, "topic.replication_clamped",
                ["topic": topic.name, "asked": "\(factor)", "reason": "one node keeps one replica"])
        }
    }

    private func records(creating plan: PlannedTopic) -> [MetadataRecord] {
        let (topic, id) = (plan.checked, plan.id)
        var first = TopicRecord()
        first.name = topic.name
        first.topicID = id
        let configs: [MetadataRecord] = topic.overrides.sorted { $0.key < $1.key }.map { name, value in
            var record = ConfigRecord()
            record.resourceType = MetadataImage.ConfigResource.topic(topic.name).type
            record.resourceName = topic.name
            record.name = name
            record.value = value
            return .config(record)
        }
        let partitions: [MetadataRecord] = zip(Int32(0)..., plan.directories).map { index, directory in
            .partition(PartitionRecord(index, of: id, on: settings.nodeID, directory.directoryID))
        }
        return [.topic(first)] + configs + partitions
    }

    /// Making a partition is little work and three waits for the disk, which overlap.
    private static let makingThreads = 8

    private func make(_ plan: PlannedTopic) -> Topic {
        let (topic, id) = (plan.checked, plan.id)
        let config = SharedLogConfig(LogConfig(topic.settings, settings))
        let wanted = zip(Int32(0)..., plan.directories).map { index, directory in
            LogToOpen(
                id: TopicPartition(topic: topic.name, partition: PartitionIndex(index)), topicID: id,
                config: config, directory: directory)
        }
        for unopened in wanted { unopened.directory?.expect(1) }
        let partitions = wanted.map { Partition($0, by: opening) }
        for partition in partitions { partition.lead(in: 0) }
        runInParallel(partitions.count, threads: Self.makingThreads) { partitions[$0].open() }
        return Topic(
            name: topic.name, id: id, partitions: partitions, overrides: topic.overrides,
            settings: topic.settings)
    }

    private func deleteNow(_ target: TopicReference, by requester: String) -> Result<
        TopicReferenceFound, TopicRefusal
    > {
        guard settings.deleteTopics else {
            return .failure(.init(code: .topicDeletionDisabled, message: "Topic deletion is disabled."))
        }
        let found = if let name = target.name { topics[name] } else { topics[target.id] }
        guard let topic = found else {
            let code: ErrorCode = target.name == nil ? .unknownTopicID : .unknownTopicOrPartition
            return .failure(.init(code: code, message: "This server does not host this topic."))
        }
        var record = RemoveTopicRecord()
        record.topicID = topic.id
        do throws(MetadataError) {
            try metadata.append([.removeTopic(record)])
        } catch {
            return .failure(.init(code: .kafkaStorageError, message: error.description))
        }
        change { $0.removing(topic) }
        notePosition()
        for partition in topic.partitions {
            partition.giveUpOpening()
            do throws(StorageError) {
                try storage.deletePartition(partition.id)
            } catch {
                logger.log(
                    .error, "partition.delete_failed", ["partition": "\(partition.id)", "error": "\(error)"])
            }
        }
        logger.log(.info, "topic.deleted", ["topic": topic.name, "id": "\(topic.id)", "by": requester])
        state.withLock { $0.whenDeleted }(topic.name)
        return .success(TopicReferenceFound(name: topic.name, id: topic.id))
    }
}

/// A topic that is about to be created.
private struct PlannedTopic {
    let checked: CheckedTopic
    let id: TopicID
    /// Where its partitions will lie.
    var directories: [LogDirectory] = []
}

/// A topic that a reference led to.
package struct TopicReferenceFound: Sendable {
    package let name: String
    package let id: TopicID
}

extension CreatedTopic {
    init(_ topic: CheckedTopic, id: TopicID) {
        self.init(
            name: topic.name, id: id, partitionCount: topic.partitionCount, overrides: topic.overrides,
            settings: topic.settings)
    }
}
