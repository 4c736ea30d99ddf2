// A topic and the immutable picture of all topics that requests read.
package import Base
internal import Synchronization

/// A topic: never changed, but replaced in the catalog when its settings or partitions change.
package final class Topic: Sendable {
    /// Its name.
    package let name: Name
    /// Its id; a topic that is deleted and created again has another one.
    package let id: TopicID
    /// Its partitions by number.
    package let partitions: [Partition]
    /// The configurations that were set on the topic itself.
    package let overrides: [Name: String]
    /// All its settings, defaults included.
    package let settings: TopicSettings
    /// What its producers' batches must satisfy, worked out from `settings`.
    package let rules: ProduceRules

    /// A topic with the settings that `overrides` make of the broker's defaults.
    package init(
        name: Name, id: TopicID, partitions: [Partition], overrides: [Name: String],
        settings: TopicSettings
    ) {
        self.name = name
        self.id = id
        self.partitions = partitions
        self.overrides = overrides
        self.settings = settings
        rules = ProduceRules(settings)
    }

    /// The same topic with other values of its own, and what they amount to.
    func with(_ overrides: [Name: String], _ settings: TopicSettings) -> Topic {
        Topic(name: name, id: id, partitions: partitions, overrides: overrides, settings: settings)
    }

    /// The same topic with more partitions.
    func adding(_ partitions: [Partition]) -> Topic {
        Topic(
            name: name, id: id, partitions: self.partitions + partitions, overrides: overrides,
            settings: settings)
    }

    /// Whether the broker itself writes this topic.
    package var isInternal: Bool { TopicName.internalNames.contains(name) }

    /// The partition `index`, if there is one.
    package func partition(_ index: Int32) -> Partition? {
        index >= 0 && index < partitions.count ? partitions[Int(index)] : nil
    }
}

/// Topics by their names.
private final class OrderedTopics: Sendable {
    let topics: [Topic]

    init(_ topics: [Topic]) { self.topics = topics }
}

/// All topics at one moment.
package final class TopicDirectory: Sendable {
    private let byName: [Name: Topic]
    private let byID: [TopicID: Topic]
    /// A topic for each name that another one could be taken for (`TopicName.collisionForm`).
    private let byForm: [Name: Topic]
    /// Rises with every change.
    package let version: Int64
    /// How many partitions all topics have.
    let partitionCount: Int
    /// Made when it is first asked for.
    private let ordered = AtomicLazyReference<OrderedTopics>()

    /// The directory of `topics`, whose names and ids are unique.
    package convenience init(_ topics: [Topic] = [], version: Int64 = 0) {
        self.init(
            Dictionary(uniqueKeysWithValues: topics.map { ($0.name, $0) }),
            Dictionary(uniqueKeysWithValues: topics.map { ($0.id, $0) }),
            Dictionary(
                topics.compactMap { topic in TopicName.collisionKey(topic.name).map { ($0, topic) } },
                uniquingKeysWith: { first, _ in first }),
            version, topics.reduce(0) { $0 + $1.partitions.count })
    }

    private init(
        _ byName: [Name: Topic], _ byID: [TopicID: Topic], _ byForm: [Name: Topic], _ version: Int64,
        _ partitionCount: Int
    ) {
        self.byName = byName
        self.byID = byID
        self.byForm = byForm
        self.version = version
        self.partitionCount = partitionCount
    }

    /// The topic called `name`.
    package subscript(_ name: Name) -> Topic? { byName[name] }
    /// The topic with `id`.
    package subscript(_ id: TopicID) -> Topic? { byID[id] }
    /// The topic that is referred to.
    subscript(_ reference: TopicReference) -> Topic? {
        if let name = reference.name { self[name] } else { self[reference.id] }
    }
    /// Every topic, in no order.
    package var all: some Collection<Topic> { byName.values }
    /// Every topic, by their names.
    ///
    /// - Complexity: sorts once for all who ask while no topic comes or goes.
    var inOrder: [Topic] {
        if let ordered = ordered.load() { return ordered.topics }
        return ordered.storeIfNil(OrderedTopics(byName.values.sorted { $0.name < $1.name })).topics
    }

    /// A topic whose name is another one, and looks the same in the names of metrics.
    func topic(collidingWith name: Name) -> Topic? {
        TopicName.collisionKey(name).flatMap { byForm[$0] }
    }

    /// The directory with `topics` added or replaced.
    func adding(_ topics: [Topic]) -> TopicDirectory {
        var (byName, byID, byForm, count) = (byName, byID, byForm, partitionCount)
        for topic in topics {
            if let replaced = byName.updateValue(topic, forKey: topic.name) {
                byID[replaced.id] = nil
                count -= replaced.partitions.count
            }
            byID[topic.id] = topic
            if let key = TopicName.collisionKey(topic.name) { byForm[key] = topic }
            count += topic.partitions.count
        }
        return TopicDirectory(byName, byID, byForm, version + 1, count)
    }

    /// The directory without `topics`.
    func removing(_ topics: [Topic]) -> TopicDirectory {
        var (byName, byID, byForm, count) = (byName, byID, byForm, partitionCount)
        for topic in topics where byName[topic.name] === topic {
            byName[topic.name] = nil
            byID[topic.id] = nil
            if let key = TopicName.collisionKey(topic.name) { byForm[key] = nil }
            count -= topic.partitions.count
        }
        return TopicDirectory(byName, byID, byForm, version + 1, count)
    }
}
