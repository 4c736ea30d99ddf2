// Giving topics more partitions: what a request asks for is one batch of the metadata log, so a crash leaves
// all of it or nothing, and the next start makes the directories that are missing.
internal import Base
internal import Protocol
internal import Storage

/// A topic that is to have more partitions.
struct PartitionIncrease: Sendable {
    let topic: Name
    /// How many it is to have then.
    let count: Int32
    /// Replicas of each new partition, where the client assigns them itself.
    let assignments: [[Int32]]?
}

extension TopicCatalog {
    /// Makes the new partitions of one request.
    func increaseNow(_ increase: Increase) {
        var plan = IncreasePlan(topics, settings)
        let results = increase.wanted.map { wanted -> Refusal? in
            do throws(Refusal) {
                try plan.add(wanted)
                return nil
            } catch {
                return error
            }
        }
        if increase.validateOnly || plan.parts.isEmpty { return increase.done(results) }
        guard !storage.isFull else {
            let reason =
                "No partition is created, as the disk is full, or less is free on it than "
                + "apus.disk.reserve.bytes."
            return increase.done(results.map { $0 ?? Refusal(code: .kafkaStorageError, message: reason) })
        }
        var loads = DirectoryLoads(storage)
        let parts = plan.parts.map { topic, indices in
            LocatedIncrease(topic: topic, indices: indices, directories: indices.map { _ in loads.next() })
        }
        do throws(MetadataError) {
            let node = settings.nodeID
            try forgetEarlier(parts.flatMap(\.partitions))
            try metadata.append(parts.flatMap { $0.records(on: node) })
        } catch {
            let refusal = Refusal(code: .kafkaStorageError, message: error.description)
            return increase.done(results.map { $0 ?? refusal })
        }
        let added = parts.map { part in
            newPartitions(
                from: part.indices.lowerBound, in: part.directories, of: part.topic.name, part.topic.id,
                part.topic.settings)
        }
        change { $0.adding(zip(parts, added).map { part, added in part.topic.adding(added) }) }
        notePosition()
        for part in parts {
            logger.logLimited(
                .info, "partitions.created",
                [
                    "topic": part.topic.name.text, "partitions": "\(part.indices.upperBound)",
                    "by": increase.requester,
                ])
        }
        opening.make(added.flatMap { $0 }) { [worker] in worker.run { increase.done(results) } }
    }
}

/// What a request adds, decided topic by topic.
private struct IncreasePlan {
    private(set) var parts: [(topic: Topic, indices: Range<Int32>)] = []
    private let topics: TopicDirectory
    private let broker: BrokerSettings
    /// Partitions that were added.
    private var added = 0

    init(_ topics: TopicDirectory, _ broker: BrokerSettings) {
        self.topics = topics
        self.broker = broker
    }

    /// Takes one topic in, or says in the order of Kafka's checks why not, which leaves the others as they
    /// are.
    mutating func add(_ wanted: PartitionIncrease) throws(Refusal) {
        guard let topic = topics[wanted.topic] else { throw Refusal(.unknownTopicOrPartition) }
        let present = Int32(topic.partitions.count)
        guard wanted.count != present else {
            throw Refusal(
                code: .invalidPartitions, message: "Topic already has \(present) partition(s).")
        }
        guard wanted.count > present else {
            throw Refusal(
                code: .invalidPartitions,
                message: "The topic \(wanted.topic) currently has \(present) partition(s); "
                    + "\(wanted.count) would not be an increase.")
        }
        let more = Int(wanted.count - present)
        if let assignments = wanted.assignments {
            guard assignments.count == more else {
                throw Refusal(
                    code: .invalidReplicaAssignment,
                    message: "Attempted to add \(more) additional partition(s), but only "
                        + "\(assignments.count) assignment(s) were specified.")
            }
            for replicas in assignments { try ManualAssignment.check(replicas, on: broker.nodeID) }
        }
        guard more <= CreationLimits.partitionsMax - added else { throw .tooManyPartitionsAtOnce }
        let limit = broker.partitionsMax > 0 ? Int(broker.partitionsMax) : .max
        let left = limit - topics.partitionCount - added
        guard more <= left else { throw .noRoom(for: more, left: left, of: limit) }
        added += more
        parts.append((topic, present..<wanted.count))
    }
}

/// New partitions of a topic, and where they will lie.
private struct LocatedIncrease {
    let topic: Topic
    let indices: Range<Int32>
    let directories: [any StoragePlace]

    /// The new partitions, and the place of each.
    var partitions: [(id: TopicPartition, place: any StoragePlace)] {
        zip(indices, directories).map { index, place in
            (TopicPartition(topic: topic.name, partition: PartitionIndex(index)), place)
        }
    }

    func records(on node: Int32) -> [MetadataRecord] {
        zip(indices, directories).map { index, directory in
            .partition(PartitionRecord(index, of: topic.id, on: node, directory.directoryID))
        }
    }
}
