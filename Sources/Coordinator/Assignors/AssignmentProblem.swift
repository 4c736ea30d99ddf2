// Who may read what, in small numbers: assignors speak of topics and members by their place in a list, so
// that the same code serves names (classic members) and ids (consumer groups) and nothing is hashed.
package import Base

/// A partition by the place of its topic in `AssignmentProblem.partitionCounts`.
package struct PartitionSlot: Hashable, Sendable, BitwiseCopyable {
    package let topic: Int
    package let partition: Int32

    /// Partition `partition` of the topic at `topic`.
    package init(topic: Int, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

/// What an assignor is asked.
package struct AssignmentProblem: Sendable {
    /// The number of partitions of each topic, in the order of the topics' names.
    package let partitionCounts: [Int]
    package var members: [Member]

    /// The partitions of topics, and who wants them.
    package init(partitionCounts: [Int], members: [Member]) {
        self.partitionCounts = partitionCounts
        self.members = members
    }

    /// One member of the group.
    package struct Member: Sendable {
        package let id: Name
        package let instanceID: Name?
        /// The places of the topics that it subscribed to, ascending; members with equal subscriptions should
        /// share one array, as that makes them cheap to compare.
        package let topics: [Int]
        /// What it holds, or says that it holds.
        package let owned: [PartitionSlot]
        /// When it was given `owned`: of two members that claim one partition the later holds it.
        package let generation: Int32

        /// A member; `topics` that are not there, or out of order, break the assignor's promise.
        package init(
            id: Name, instanceID: Name? = nil, topics: [Int], owned: [PartitionSlot] = [],
            generation: Int32 = 0
        ) {
            self.id = id
            self.instanceID = instanceID
            self.topics = topics
            self.owned = owned
            self.generation = generation
        }
    }

    /// Whether all members subscribed to the same topics.
    var isHomogeneous: Bool {
        guard let first = members.first else { return true }
        return members.allSatisfy { $0.topics == first.topics }
    }

    /// The members' places in the order in which Kafka serves them: static ones first, by instance id, then
    /// by member id.
    var memberOrder: [Int] {
        members.indices.sorted { left, right in
            let (one, other) = (members[left], members[right])
            switch (one.instanceID, other.instanceID) {
            case (let instance?, let otherInstance?): return instance < otherInstance
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return one.id < other.id
            }
        }
    }

    /// For each topic the places of its subscribers, in the given order of members.
    func subscribers(in order: [Int]) -> [[Int]] {
        var result = [[Int]](repeating: [], count: partitionCounts.count)
        for member in order {
            for topic in members[member].topics { result[topic].append(member) }
        }
        return result
    }
}

/// What one member gets of one topic.
package struct TopicShare: Hashable, Sendable {
    package let topic: Int
    /// Ascending.
    package let partitions: [Int32]

    /// Partitions of the topic at `topic`.
    package init(topic: Int, partitions: [Int32]) {
        self.topic = topic
        self.partitions = partitions
    }
}

/// What each member gets, by the members' places in the problem; topics ascend.
package typealias Shares = [[TopicShare]]

/// Collects partitions that are given out in the order of their topics.
struct SharesBuilder {
    private var open: [[(topic: Int, partitions: [Int32])]]

    init(_ problem: AssignmentProblem) {
        open = Array(repeating: [], count: problem.members.count)
    }

    /// Gives `slot` to the member at `member`; topics, and partitions within a topic, must ascend.
    mutating func give(_ slot: PartitionSlot, to member: Int) {
        let last = open[member].count - 1
        if last >= 0, open[member][last].topic == slot.topic {
            open[member][last].partitions.append(slot.partition)
        } else {
            open[member].append((slot.topic, [slot.partition]))
        }
    }

    var shares: Shares {
        open.map { $0.map { TopicShare(topic: $0.topic, partitions: $0.partitions) } }
    }
}
