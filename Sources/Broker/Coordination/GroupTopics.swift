// The topics of the broker as coordinators see them.
package import Base
package import Coordinator

extension TopicDirectory: TopicsView {
    /// The names of all topics.
    package var names: [Name] { all.map(\.name) }
    /// The topic called `name`.
    package func topic(named name: Name) -> GroupTopic? { self[name].map(GroupTopic.init) }
    /// The topic with `id`.
    package func topic(_ id: TopicID) -> GroupTopic? { self[id].map(GroupTopic.init) }
}

extension GroupTopic {
    fileprivate init(_ topic: Topic) {
        self.init(id: topic.id, name: topic.name, partitionCount: topic.partitions.count)
    }
}
