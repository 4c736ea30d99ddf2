// The immutable picture of all topics that requests read.
package import Base
internal import Synchronization

/// All topics at one moment.
package final class TopicDirectory: Sendable {
    private let index: TopicIndex
    /// Rises with every change.
    package let version: Int64
    /// Made when it is first asked for.
    private let ordered = AtomicLazyReference<OrderedTopics>()

    /// The directory of `topics`, whose names and ids are unique.
    package convenience init(_ topics: [Topic] = [], version: Int64 = 0) {
        var index = TopicIndex()
        for topic in topics { index.add(topic) }
        self.init(index, version, nil)
    }

    private init(_ index: TopicIndex, _ version: Int64, _ ordered: OrderedTopics?) {
        self.index = index
        self.version = version
        if let ordered { _ = self.ordered.storeIfNil(ordered) }
    }

    /// The topic called `name`.
    package subscript(_ name: Name) -> Topic? { index.byName[name] }
    /// The topic with `id`.
    package subscript(_ id: TopicID) -> Topic? { index.byID[id] }
    /// The topic that is referred to.
    subscript(_ reference: TopicReference) -> Topic? {
        if let name = reference.name { self[name] } else { self[reference.id] }
    }
    /// Every topic, in no order.
    package var all: some Collection<Topic> { index.byName.values }
    /// Every topic, by their names.
    ///
    /// - Complexity: sorts once, and after changes of very many topics.
    var inOrder: [Topic] {
        if let ordered = ordered.load() { return ordered.topics }
        return ordered.storeIfNil(OrderedTopics(index.byName.values.sorted { $0.name < $1.name })).topics
    }
    /// How many partitions all topics have.
    var partitionCount: Int { index.partitionCount }
    /// About how many bytes Metadata takes to tell of all topics.
    var describedBytes: Int { index.describedBytes }

    /// A topic whose name is another one, and looks the same in the names of metrics.
    func topic(collidingWith name: Name) -> Topic? {
        TopicName.collisionKey(name).flatMap { index.byForm[$0] }
    }

    /// The directory with `topics` added or replaced.
    func adding(_ topics: [Topic]) -> TopicDirectory {
        var index = index
        for topic in topics { index.add(topic) }
        return TopicDirectory(index, version + 1, ordered.load()?.adding(topics))
    }

    /// The directory without `topics`.
    func removing(_ topics: [Topic]) -> TopicDirectory {
        var index = index
        let there = topics.filter { index.byName[$0.name] === $0 }
        for topic in there { index.remove(topic) }
        return TopicDirectory(index, version + 1, ordered.load()?.removing(there))
    }
}

/// Where topics are found, and sums over all of them.
private struct TopicIndex: Sendable {
    private(set) var byName: [Name: Topic] = [:]
    private(set) var byID: [TopicID: Topic] = [:]
    /// A topic for each name that another one could be taken for (`TopicName.collisionForm`).
    private(set) var byForm: [Name: Topic] = [:]
    private(set) var partitionCount = 0
    private(set) var describedBytes = 0

    /// Adds a topic, or has it take the place of the one of its name.
    mutating func add(_ topic: Topic) {
        if let replaced = byName.updateValue(topic, forKey: topic.name) {
            byID[replaced.id] = nil
            count(replaced, -1)
        }
        byID[topic.id] = topic
        if let key = TopicName.collisionKey(topic.name) { byForm[key] = topic }
        count(topic, 1)
    }

    mutating func remove(_ topic: Topic) {
        byName[topic.name] = nil
        byID[topic.id] = nil
        if let key = TopicName.collisionKey(topic.name) { byForm[key] = nil }
        count(topic, -1)
    }

    private mutating func count(_ topic: Topic, _ sign: Int) {
        partitionCount += sign * topic.partitions.count
        describedBytes += sign * topic.describedBytes
    }
}

/// Topics by their names.
private final class OrderedTopics: Sendable {
    let topics: [Topic]
    /// To put in more of them one by one takes longer than to sort.
    private static let changesMax = 64

    init(_ topics: [Topic]) { self.topics = topics }

    /// With `changed` added or replaced; nil where they are too many.
    func adding(_ changed: [Topic]) -> OrderedTopics? {
        changing(changed) { topics, place, topic in
            if place < topics.count, topics[place].name == topic.name {
                topics[place] = topic
            } else {
                topics.insert(topic, at: place)
            }
        }
    }

    /// Without `changed`, which are among them; nil where they are too many.
    func removing(_ changed: [Topic]) -> OrderedTopics? {
        changing(changed) { topics, place, _ in topics.remove(at: place) }
    }

    private func changing(
        _ changed: [Topic], _ change: (inout [Topic], _ place: Int, Topic) -> Void
    ) -> OrderedTopics? {
        guard changed.count <= Self.changesMax else { return nil }
        var topics = topics
        for topic in changed {
            var (low, high) = (0, topics.count)
            while low < high {
                let middle = (low + high) / 2
                if topics[middle].name < topic.name { low = middle + 1 } else { high = middle }
            }
            change(&topics, low, topic)
        }
        return OrderedTopics(topics)
    }
}
