// What operators are told of groups, as values.
package import Base
package import Protocol

/// A group among all of them.
package struct ListedGroup: Sendable {
    package let id: Name
    package let kind: GroupKind
    /// The name of its state.
    package let state: Name
    /// Empty for a group that only keeps offsets.
    package let protocolType: Name
}

/// A classic group.
package struct DescribedGroup: Sendable {
    /// One of its members.
    package struct Member: Sendable {
        package let id: Name
        package let instanceID: Name?
        package let client: GroupClient
        /// What it brought for the group's protocol; empty while there is none.
        package let metadata: [UInt8]
        package let assignment: [UInt8]
    }

    package let id: Name
    package let state: ClassicGroupState
    /// Empty where there is none.
    package let protocolType: Name
    /// Empty between generations, when there is no protocol that all members agree on.
    package let protocolName: Name
    /// In the order in which they joined.
    package let members: [Member]
}

/// A consumer group (KIP-848).
package struct DescribedConsumerGroup: Sendable {
    /// One of its members.
    package struct Member: Sendable {
        package let id: Name
        package let instanceID: Name?
        package let rackID: Name?
        package let epoch: Int32
        package let client: GroupClient
        package let subscribedTopics: [Name]
        /// Empty for none.
        package let pattern: Name
        /// What it has, and has not given up yet.
        package let assigned: [TopicPartitions]
        /// What it is to have.
        package let target: [TopicPartitions]
        /// Whether it speaks the classic protocol.
        package let isClassic: Bool
    }

    /// Partitions of a topic that there is.
    package struct TopicPartitions: Sendable {
        package let id: TopicID
        package let name: Name
        package let partitions: [Int32]
    }

    package let id: Name
    package let state: ConsumerGroupState
    package let epoch: Int32
    package let assignmentEpoch: Int32
    package let assignor: Name
    /// By their ids.
    package let members: [Member]
}

/// Partitions of a topic whose offsets are meant.
package struct OffsetPlaces: Sendable {
    package let topic: Name
    package let partitions: [Int32]

    /// The partitions `partitions` of `topic`.
    package init(topic: Name, partitions: [Int32]) {
        self.topic = topic
        self.partitions = partitions
    }
}

/// What became of a topic's offsets that were to be deleted.
package struct DeletedOffsets: Sendable {
    /// What became of one of them.
    package struct Partition: Sendable {
        package let index: Int32
        /// `none` also where there was no offset.
        package let code: ErrorCode

        /// The partition `index` with `code`.
        package init(index: Int32, code: ErrorCode) {
            self.index = index
            self.code = code
        }
    }

    package let topic: Name
    package var partitions: [Partition]

    /// The `partitions` of `topic`.
    package init(topic: Name, partitions: [Partition]) {
        self.topic = topic
        self.partitions = partitions
    }
}
