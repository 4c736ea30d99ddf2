// What there is to tell of a topic, as it is at one moment.
internal import Base
internal import Storage

/// A topic, and how its partitions are.
struct TopicDescription: Sendable {
    let name: Name
    let id: TopicID
    /// Whether the broker itself writes it.
    let isInternal: Bool
    let partitions: [PartitionDescription]
    /// The configurations that were set on the topic itself.
    let overrides: [Name: String]
    /// All its settings, defaults included.
    let settings: TopicSettings

    /// The topic with its partitions, or with some of them.
    init(_ topic: Topic, partitions: ArraySlice<Partition>? = nil) {
        name = topic.name
        id = topic.id
        isInternal = topic.isInternal
        self.partitions = (partitions ?? topic.partitions[...]).map { PartitionDescription($0) }
        overrides = topic.overrides
        settings = topic.settings
    }
}

/// How a partition is.
struct PartitionDescription: Sendable {
    let index: PartitionIndex
    let leaderEpoch: LeaderEpoch
    /// Whether its log cannot be had.
    let isOffline: Bool
    /// From where to where its log reaches; nil if it is not open, or not yet.
    let bounds: LogBounds?

    init(_ partition: Partition) {
        index = partition.id.partition
        leaderEpoch = partition.leaderEpoch
        isOffline = partition.isOffline
        bounds = partition.log?.bounds
    }
}

extension Administration {
    /// All topics by their names.
    func describeTopics() -> [TopicDescription] {
        broker.catalog.topics.all.map { TopicDescription($0) }.sorted { $0.name < $1.name }
    }

    /// The topics that are referred to, in the order of the references.
    func describeTopics(_ references: [TopicReference]) -> [Result<TopicDescription, Refusal>] {
        let topics = broker.catalog.topics
        return references.map { reference in
            topics[reference].map { .success(TopicDescription($0)) } ?? .failure(.unknown(reference))
        }
    }
}
