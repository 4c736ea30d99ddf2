// A topic and the immutable picture of all topics that requests read.
package import Base

/// A topic: never changed, but replaced in the catalog when its settings or partitions change.
package final class Topic: Sendable {
    /// Its name.
    package let name: String
    /// Its id; a topic that is deleted and created again has another one.
    package let id: TopicID
    /// Its partitions by number.
    package let partitions: [Partition]
    /// The configurations that were set on the topic itself.
    package let overrides: [String: String]
    /// All its settings, defaults included.
    package let settings: TopicSettings
    /// What its producers' batches must satisfy, worked out from `settings`.
    package let rules: ProduceRules

    /// A topic with the settings that `overrides` make of the broker's defaults.
    package init(
        name: String, id: TopicID, partitions: [Partition], overrides: [String: String],
        settings: TopicSettings
    ) {
        self.name = name
        self.id = id
        self.partitions = partitions
        self.overrides = overrides
        self.settings = settings
        rules = ProduceRules(settings)
    }

    /// Whether the broker itself writes this topic.
    package var isInternal: Bool { TopicName.internalNames.contains(name) }

    /// The partition `index`, if there is one.
    package func partition(_ index: Int32) -> Partition? {
        index >= 0 && index < partitions.count ? partitions[Int(index)] : nil
    }
}

/// All topics at one moment.
package final class TopicDirectory: Sendable {
    private let byName: [String: Topic]
    private let byID: [TopicID: Topic]
    /// Rises with every change.
    package let version: Int64

    /// The directory of `topics`, whose names and ids are unique.
    package init(_ topics: [Topic] = [], version: Int64 = 0) {
        self.version = version
        byName = Dictionary(uniqueKeysWithValues: topics.map { ($0.name, $0) })
        byID = Dictionary(uniqueKeysWithValues: topics.map { ($0.id, $0) })
    }

    /// The topic called `name`.
    package subscript(_ name: String) -> Topic? { byName[name] }
    /// The topic with `id`.
    package subscript(_ id: TopicID) -> Topic? { byID[id] }
    /// Every topic, in no order.
    package var all: some Collection<Topic> { byName.values }

    /// The directory with `topic` added or replaced.
    func adding(_ topics: [Topic]) -> TopicDirectory {
        let replaced = Set(topics.map(\.name))
        return TopicDirectory(
            byName.values.filter { !replaced.contains($0.name) } + topics, version: version + 1)
    }

    /// The directory without `topic`.
    func removing(_ topic: Topic) -> TopicDirectory {
        TopicDirectory(byName.values.filter { $0 !== topic }, version: version + 1)
    }
}
