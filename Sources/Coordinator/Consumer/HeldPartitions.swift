// Sets of partitions by topic, and how records and messages spell them: topics and partitions ascend, so that
// the same state is always written in the same way.
package import Base
internal import Protocol

/// Partitions that a member should have.
package typealias TargetPartitions = [TopicID: Set<Int32>]

/// Partitions that a member has, each with the epoch of the assignment that gave it.
package typealias HeldPartitions = [TopicID: [Int32: Int32]]

extension TopicID {
    /// An order of ids that has no meaning.
    func precedes(_ other: TopicID) -> Bool { (high, low) < (other.high, other.low) }
}

extension [TopicID: Set<Int32>] {
    /// The partitions of a record.
    init(_ written: [ConsumerGroupTargetAssignmentMemberValue.TopicPartition]) {
        self.init(written.map { ($0.topicID, Set($0.partitions)) }, uniquingKeysWith: { $0.union($1) })
    }

    /// As they stand in a record.
    var written: [ConsumerGroupTargetAssignmentMemberValue.TopicPartition] {
        keys.sorted { $0.precedes($1) }.map { topic in
            var entry = ConsumerGroupTargetAssignmentMemberValue.TopicPartition()
            entry.topicID = topic
            entry.partitions = (self[topic] ?? []).sorted()
            return entry
        }
    }
}

extension [TopicID: [Int32: Int32]] {
    /// The partitions of a record; where an older Kafka noted no epochs, the member's own stands for them.
    init(_ written: [ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions], epoch: Int32) {
        self.init()
        for entry in written {
            for (index, partition) in entry.partitions.enumerated() {
                let epochs = entry.assignmentEpochs ?? []
                self[entry.topicID, default: [:]][partition] =
                    epochs.indices.contains(index) ? epochs[index] : epoch
            }
        }
    }

    /// As they stand in a record.
    var written: [ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions] {
        keys.sorted { $0.precedes($1) }.map { topic in
            let partitions = (self[topic] ?? [:]).sorted { $0.key < $1.key }
            var entry = ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions()
            entry.topicID = topic
            entry.partitions = partitions.map(\.key)
            entry.assignmentEpochs = partitions.map(\.value)
            return entry
        }
    }

    /// As a member is told of them.
    var told: ConsumerGroupHeartbeatResponse.Assignment {
        var assignment = ConsumerGroupHeartbeatResponse.Assignment()
        assignment.topicPartitions = keys.sorted { $0.precedes($1) }.map { topic in
            var entry = ConsumerGroupHeartbeatResponse.TopicPartitions()
            entry.topicID = topic
            entry.partitions = (self[topic] ?? [:]).keys.sorted()
            return entry
        }
        return assignment
    }

    /// Whether any of `reported` is among them.
    func containsAny(of reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]) -> Bool {
        reported.contains { entry in
            guard let held = self[entry.topicID] else { return false }
            return entry.partitions.contains { held[$0] != nil }
        }
    }

    /// Whether all of `reported` are among them.
    func containsAll(of reported: [ConsumerGroupHeartbeatRequest.TopicPartitions]) -> Bool {
        reported.allSatisfy { entry in
            guard let held = self[entry.topicID] else { return false }
            return entry.partitions.allSatisfy { held[$0] != nil }
        }
    }

    /// Without the epochs.
    var partitions: TargetPartitions { mapValues { Set($0.keys) } }
}
