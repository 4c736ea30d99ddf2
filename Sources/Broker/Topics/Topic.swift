// A topic as requests see it.
package import Base

/// A topic: never changed, but replaced in the catalog when its settings or partitions change.
package final class Topic: Sendable {
    /// Its name.
    package let name: Name
    /// Its id; a topic that is deleted and created again has another one.
    package let id: TopicID
    /// Its partitions by number.
    package let partitions: [Partition]
    /// How it is configured.
    let configuration: TopicConfiguration

    /// A topic with these partitions.
    init(name: Name, id: TopicID, partitions: [Partition], configuration: TopicConfiguration) {
        self.name = name
        self.id = id
        self.partitions = partitions
        self.configuration = configuration
    }

    /// The same topic, configured otherwise.
    func with(_ configuration: TopicConfiguration) -> Topic {
        Topic(name: name, id: id, partitions: partitions, configuration: configuration)
    }

    /// The same topic with more partitions.
    func adding(_ partitions: [Partition]) -> Topic {
        Topic(name: name, id: id, partitions: self.partitions + partitions, configuration: configuration)
    }

    /// The configurations that were set on the topic itself.
    package var overrides: [Name: String] { configuration.overrides }
    /// All its settings, defaults included.
    package var settings: TopicSettings { configuration.settings }
    /// What its producers' batches must satisfy.
    package var rules: ProduceRules { configuration.rules }

    /// Whether the broker itself writes this topic.
    package var isInternal: Bool { name.hasPrefix("__") && TopicName.internalNames.contains(name) }

    /// The partition `index`, if there is one.
    package func partition(_ index: Int32) -> Partition? {
        index >= 0 && index < partitions.count ? partitions[Int(index)] : nil
    }
}
