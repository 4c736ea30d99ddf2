// What the broker has promised about topics and their configurations: what was made stays, what was deleted
// stays deleted, and no id comes again.
import Base
import Protocol

/// A topic that was made.
struct TopicPromise {
    enum Life {
        case there
        /// Its deletion was asked for.
        case deleting
        case deleted
    }
    let name: Name
    let id: TopicID
    var partitions: Int32
    var life = Life.there
    /// Its `retention.ms`, once that was set.
    var retention: Int64?
}

extension BrokerPromise {
    /// The names that topics have.
    static let names: [Name] = ["t0", "t1", "t2", "t3"]

    func change(_ id: TopicID, _ body: (inout TopicPromise) -> Void) {
        for index in allTopics.indices where allTopics[index].id == id { body(&allTopics[index]) }
    }

    func name(of id: TopicID) -> Name { allTopics.first { $0.id == id }?.name ?? "?" }

    /// Whether somebody wants a topic to be deleted, or it is.
    func isGoing(_ id: TopicID) -> Bool { allTopics.contains { $0.id == id && $0.life != .there } }

    /// A topic was made.
    func created(_ name: Name, _ id: TopicID, _ partitions: Int32) throws {
        guard !allTopics.contains(where: { $0.id == id }) else {
            throw Violation(description: "\(name) has the id of a topic that was there before, \(id)")
        }
        allTopics.append(TopicPromise(name: name, id: id, partitions: partitions))
    }

    /// Compares all topics of the broker with those that there must be.
    func check(_ reply: MetadataResponse) throws {
        let found = reply.topics.filter { !$0.isInternal }
        for topic in topics {
            guard let there = found.first(where: { $0.name == topic.name }) else {
                throw Violation(description: "\(topic.name) is gone")
            }
            guard there.errorCode == 0, there.topicID == topic.id else {
                throw Violation(description: "\(topic.name) is another topic, or none: \(there.errorCode)")
            }
            guard there.partitions.count == Int(topic.partitions) else {
                throw Violation(
                    description: "\(topic.name) has \(there.partitions.count) partitions instead of "
                        + "\(topic.partitions)")
            }
        }
        for topic in found where !topics.contains(where: { $0.id == topic.topicID }) {
            throw Violation(description: "\(topic.name ?? "?") is there, and should not be")
        }
    }

    /// Compares the configuration of a topic.
    func check(_ reply: DescribeConfigsResponse, of id: TopicID) throws {
        guard let topic = allTopics.first(where: { $0.id == id }), let wanted = topic.retention else {
            return
        }
        let value = reply.results.first?.configs.first { $0.name == "retention.ms" }?.value
        guard value == "\(wanted)" else {
            throw Violation(
                description: "\(topic.name): retention.ms is \(value ?? "unset") instead of \(wanted)")
        }
    }
}
