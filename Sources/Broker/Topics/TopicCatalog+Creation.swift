// Creating topics: what was asked for together, and by several at a time, is one batch of the metadata log.
internal import Base
internal import Protocol
internal import Storage

/// What one request may create, as in Kafka, which takes the records of a request for one batch.
enum CreationLimits {
    /// Partitions of all topics that a request names.
    static let partitionsMax = 10_000
    /// Records of the metadata log for all topics that it may create.
    static let recordsMax = 10_000
}

extension TopicCatalog {
    /// Creates what `creations` ask for, in their order.
    func createNow(_ creations: [Creation]) {
        var batch = CreationBatch()
        for creation in creations where !postpone(creation) {
            // What stands or falls with a topic that is still to be written is decided after that.
            if creation.wanted.contains(where: batch.names) { write(&batch) }
            plan(creation, into: &batch)
        }
        write(&batch)
    }

    /// Forgets what is noted of deleted partitions that had these names and places.
    ///
    /// Before the record that names new ones: after a crash behind it their directories are missing, and what
    /// is noted would pass for what they had held.
    func forgetEarlier(
        _ partitions: [(id: TopicPartition, place: any StoragePlace)]
    ) throws(MetadataError) {
        for place in storage.places {
            let here = partitions.filter { $0.place === place }.map(\.id)
            guard !here.isEmpty else { continue }
            do throws(StorageError) { try place.forget(here) } catch { throw MetadataError(error) }
        }
    }

    private func plan(_ creation: Creation, into batch: inout CreationBatch) {
        let (results, plans) = check(creation.wanted, besides: batch.partitions)
        if creation.validateOnly || plans.isEmpty { return creation.done(results) }
        guard !storage.isFull else {
            return creation.done(
                refuse(
                    results,
                    "No topic is created, as the disk is full, or less is free on it than "
                        + "apus.disk.reserve.bytes.")
            )
        }
        if batch.records + plans.reduce(0, { $0 + $1.records }) > CreationLimits.recordsMax { write(&batch) }
        batch.add(creation, results, plans)
    }

    /// Checks topics one by one, and then all together.
    private func check(
        _ wanted: [NewTopic], besides planned: Int
    ) -> (results: [Result<CreatedTopic, Refusal>], plans: [PlannedTopic]) {
        let asked = wanted.reduce(0) { $0 + $1.askedPartitions(settings) }
        guard asked <= CreationLimits.partitionsMax else {
            return (wanted.map { _ in .failure(.tooManyPartitionsAtOnce) }, [])
        }
        var results: [Result<CreatedTopic, Refusal>] = []
        var plans: [PlannedTopic] = []
        let limit = settings.partitionsMax > 0 ? Int(settings.partitionsMax) : .max
        var left = limit - topics.partitionCount - planned
        for topic in wanted {
            do throws(Refusal) {
                let checked = try topic.checked(against: topics, settings)
                guard checked.partitionCount <= left else {
                    throw .noRoom(for: Int(checked.partitionCount), left: left, of: limit)
                }
                left -= Int(checked.partitionCount)
                let id = UUID.random()
                plans.append(PlannedTopic(checked: checked, id: id))
                results.append(.success(CreatedTopic(checked, id: id)))
            } catch {
                results.append(.failure(error))
            }
        }
        guard plans.reduce(0, { $0 + $1.records }) <= CreationLimits.recordsMax else {
            return (wanted.map { _ in .failure(.tooManyRecordsAtOnce) }, [])
        }
        return (results, plans)
    }

    /// Writes the records of all that is planned, shows the topics, and has their partitions made.
    private func write(_ batch: inout CreationBatch) {
        guard !batch.parts.isEmpty else { return }
        defer { batch = CreationBatch() }
        var loads = DirectoryLoads(storage)
        var parts = batch.parts
        for part in parts.indices {
            for number in parts[part].plans.indices {
                let count = parts[part].plans[number].checked.partitionCount
                parts[part].plans[number].directories = (0..<count).map { _ in loads.next() }
            }
        }
        do throws(MetadataError) {
            try forgetEarlier(parts.flatMap(\.plans).flatMap(\.partitions))
            try metadata.append(parts.flatMap(\.plans).flatMap { records(creating: $0) })
        } catch {
            for part in parts { part.creation.done(refuse(part.results, error.description)) }
            return
        }
        var made: [[Topic]] = []
        for part in parts {
            made.append(part.plans.map { topic(of: $0) })
            for plan in part.plans { log(plan.checked, id: plan.id, by: part.creation.requester) }
        }
        change { $0.adding(made.flatMap { $0 }) }
        notePosition()
        for (part, topics) in zip(parts, made) {
            opening.make(topics.flatMap(\.partitions)) { [worker] in
                worker.run { part.creation.done(part.results) }
            }
        }
    }

    /// Makes storage errors of what would have been created.
    private func refuse(
        _ results: [Result<CreatedTopic, Refusal>], _ reason: String
    ) -> [Result<CreatedTopic, Refusal>] {
        let refusal = Refusal(code: .kafkaStorageError, message: reason)
        return results.map { result in if case .success = result { .failure(refusal) } else { result } }
    }

    private func log(_ topic: CheckedTopic, id: TopicID, by requester: String) {
        logger.logLimited(
            .info, "topic.created",
            [
                "topic": topic.name.text, "partitions": "\(topic.partitionCount)", "id": "\(id)",
                "by": requester,
            ])
        if let factor = topic.clampedReplicationFactor {
            logger.logLimited(
                .warning, "replication_factor.clamped",
                ["topic": topic.name.text, "asked": "\(factor)", "reason": "one node keeps one replica"])
        }
    }

    private func records(creating plan: PlannedTopic) -> [MetadataRecord] {
        let (topic, id) = (plan.checked, plan.id)
        var first = TopicRecord()
        first.name = topic.name
        first.topicID = id
        let configs: [MetadataRecord] = topic.overrides.sorted { $0.key < $1.key }.map { name, value in
            .config(ConfigRecord(.topic(topic.name), name, value))
        }
        let node = settings.nodeID
        let partitions: [MetadataRecord] = zip(Int32(0)..., plan.directories).map { index, directory in
            .partition(PartitionRecord(index, of: id, on: node, directory.directoryID))
        }
        return [.topic(first)] + configs + partitions
    }

    /// The topic, with partitions that are still to be made.
    private func topic(of plan: PlannedTopic) -> Topic {
        let (topic, id) = (plan.checked, plan.id)
        let partitions = newPartitions(
            from: 0, in: plan.directories, of: topic.name, id, topic.settings)
        return Topic(
            name: topic.name, id: id, partitions: partitions,
            configuration: configurations.shared(topic.overrides, topic.settings))
    }

    /// Partitions that the metadata log speaks of, one in each of `directories`, which are still to be made.
    func newPartitions(
        from first: Int32, in directories: [any StoragePlace], of name: Name, _ id: TopicID,
        _ topic: TopicSettings
    ) -> [Partition] {
        let config = SharedLogConfig(LogConfig(topic, settings))
        return zip(first..., directories).map { index, directory in
            directory.expect(1)
            let unopened = LogToOpen(
                id: TopicPartition(topic: name, partition: PartitionIndex(index)), topicID: id,
                config: config, directory: directory, isNew: true)
            let partition = Partition(unopened, by: opening)
            partition.lead(in: 0)
            return partition
        }
    }
}

/// Creations whose records are written together.
private struct CreationBatch {
    /// What one of them adds.
    struct Part {
        let creation: TopicCatalog.Creation
        let results: [Result<CreatedTopic, Refusal>]
        var plans: [PlannedTopic]
    }

    private(set) var parts: [Part] = []
    private(set) var partitions = 0
    private(set) var records = 0
    /// Names that cannot be told apart in metrics are one here.
    private var forms: Set<Name> = []

    mutating func add(
        _ creation: TopicCatalog.Creation, _ results: [Result<CreatedTopic, Refusal>],
        _ plans: [PlannedTopic]
    ) {
        parts.append(Part(creation: creation, results: results, plans: plans))
        partitions += plans.reduce(0) { $0 + Int($1.checked.partitionCount) }
        records += plans.reduce(0) { $0 + $1.records }
        for plan in plans { forms.insert(TopicName.collisionForm(plan.checked.name)) }
    }

    /// Whether a topic is in the way of `topic`, or the same.
    func names(_ topic: NewTopic) -> Bool { forms.contains(TopicName.collisionForm(topic.name)) }
}

/// A topic that is about to be created.
private struct PlannedTopic {
    let checked: CheckedTopic
    let id: TopicID
    /// Where its partitions will lie.
    var directories: [any StoragePlace] = []
    /// How many records of the metadata log it is.
    var records: Int { 1 + checked.overrides.count + Int(checked.partitionCount) }
    /// Its partitions, and the place of each.
    var partitions: [(id: TopicPartition, place: any StoragePlace)] {
        zip(Int32(0)..., directories).map { index, place in
            (TopicPartition(topic: checked.name, partition: PartitionIndex(index)), place)
        }
    }
}

extension CreatedTopic {
    fileprivate init(_ topic: CheckedTopic, id: TopicID) {
        self.init(
            name: topic.name, id: id, partitionCount: topic.partitionCount, overrides: topic.overrides,
            settings: topic.settings)
    }
}

extension NewTopic {
    /// How many partitions a client asks for, whether or not it will get them.
    fileprivate func askedPartitions(_ broker: BrokerSettings) -> Int {
        guard assignments.isEmpty else { return assignments.count }
        return max(0, Int(partitionCount == -1 ? broker.defaultPartitions : partitionCount))
    }
}

extension Refusal {
    /// More than what is one batch of the metadata log.
    static var tooManyRecordsAtOnce: Refusal {
        .init(code: .policyViolation, message: "Unable to perform excessively large batch operation.")
    }

    /// More than what one request may create.
    static var tooManyPartitionsAtOnce: Refusal {
        .init(code: .policyViolation, message: "Excessively large number of partitions per request.")
    }

    /// More than what the broker may have.
    static func noRoom(for partitionCount: Int, left: Int, of limit: Int) -> Refusal {
        .init(
            code: .policyViolation,
            message: "This broker has room for \(max(0, left)) more partitions, and \(partitionCount) "
                + "were asked for; apus.partitions.max is \(limit).")
    }
}
