// What a coordinator knows of topics: a value that its host gives it, and replaces when topics change.
package import Base

/// A topic as groups see it.
package struct GroupTopic: Hashable, Sendable {
    package let id: TopicID
    package let name: Name
    package let partitionCount: Int

    /// The topic `name` of that id with so many partitions.
    package init(id: TopicID, name: Name, partitionCount: Int) {
        self.id = id
        self.name = name
        self.partitionCount = partitionCount
    }
}

/// All topics of one moment.
package protocol TopicsView: Sendable {
    /// Another number for other topics; groups look at topics again when it changes.
    var version: Int64 { get }
    /// The names of all topics.
    var names: [Name] { get }
    /// The topic of that name.
    func topic(named name: Name) -> GroupTopic?
    /// The topic of that id.
    func topic(_ id: TopicID) -> GroupTopic?
}

/// Topics in tables.
package struct TopicTable: TopicsView {
    package let version: Int64
    private let byName: [Name: GroupTopic]
    private let byID: [TopicID: GroupTopic]

    /// These topics; of two of one name or id the last.
    package init(version: Int64, _ topics: [GroupTopic] = []) {
        self.version = version
        byName = Dictionary(topics.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        byID = Dictionary(topics.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    package var names: [Name] { Array(byName.keys) }
    package func topic(named name: Name) -> GroupTopic? { byName[name] }
    package func topic(_ id: TopicID) -> GroupTopic? { byID[id] }
}
