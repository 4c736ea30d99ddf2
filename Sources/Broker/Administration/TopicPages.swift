// A description of many topics, page by page: in the order of their names, and where a page ends, in the
// middle of a topic too, the next one goes on.
internal import Base

internal import enum Protocol.ErrorCode

/// Where a page begins.
struct PageStart: Sendable, Equatable {
    let topic: Name
    /// The first partition of that topic that is described.
    let partition: Int32
}

/// Some topics and partitions.
struct TopicPage: Sendable {
    /// A topic on the page.
    enum Entry: Sendable {
        /// It is there; with those of its partitions that lie on the page.
        case described(TopicDescription)
        /// It was asked for, and is not there.
        case missing(Name, Refusal)
    }

    /// In the order of their names.
    fileprivate(set) var topics: [Entry] = []
    /// Those that were asked for, and may not be seen.
    fileprivate(set) var hidden: [Name] = []
    /// Where the next page begins; nil if there is none.
    fileprivate(set) var next: PageStart?
}

extension Administration {
    /// Describes topics, or with nil all of them, up to `partitionsMax` partitions.
    ///
    /// `mayBeSeen` is asked about each name that the page comes by, once and in order. Refused where `start`
    /// is not among the topics.
    func describePage(
        of names: [Name]?, from start: PageStart?, partitionsMax: Int, mayBeSeen: (Name) -> Bool
    ) throws(Refusal) -> TopicPage {
        let topics = broker.catalog.topics
        // All of them are in order already, for every page.
        let asked = names.map { Set($0).sorted() } ?? topics.inOrder.map(\.name)
        if let start {
            guard names?.contains(start.topic) != false else {
                throw .invalidRequest("A page of topics begins with one of them.")
            }
            guard start.partition >= 0 else { throw .invalidRequest("A partition is not negative.") }
        }
        var page = TopicPage()
        var left = partitionsMax
        for name in asked where start.map({ name >= $0.topic }) ?? true {
            guard mayBeSeen(name) else {
                if names != nil { page.hidden.append(name) }
                continue
            }
            guard left > 0 else {
                page.next = PageStart(topic: name, partition: 0)
                break
            }
            guard let topic = topics[name] else {
                page.topics.append(.missing(name, .missing(name)))
                continue
            }
            let first = name == start?.topic ? Int(start?.partition ?? 0) : 0
            let partitions = topic.partitions.dropFirst(first).prefix(left)
            page.topics.append(.described(TopicDescription(topic, partitions: partitions)))
            left -= partitions.count
            if !partitions.isEmpty, partitions.endIndex < topic.partitions.endIndex {
                page.next = PageStart(topic: name, partition: Int32(partitions.endIndex))
                break
            }
        }
        return page
    }
}

extension Refusal {
    /// There is no topic of this name, or there can be none.
    fileprivate static func missing(_ name: Name) -> Refusal {
        Refusal(TopicName.problem(with: name) == nil ? .unknownTopicOrPartition : .invalidTopicException)
    }
}
