// Committed offsets, by group, topic and partition.
package import Base
internal import Protocol

/// How far a group has read one partition.
package struct CommittedOffset: Hashable, Sendable {
    package var offset: Offset
    /// The epoch of the last record that was read; -1 where the consumer did not say.
    package var leaderEpoch: Int32
    /// What the consumer noted beside it.
    package var metadata: String
    package var committed: Timestamp
    /// When it expires, if whoever committed it said so.
    package var expires: Timestamp?
    /// The topic that was meant, which a later topic of the same name is not; zero where that is not known.
    package var topicID: TopicID
}

/// The offsets of one group.
package struct GroupOffsets: Sendable {
    /// By topic and partition.
    private(set) var topics: [Name: [Int32: CommittedOffset]] = [:]
    /// How many there are.
    package private(set) var count = 0
    /// What their metadata take.
    private(set) var metadataBytes = 0

    /// No offsets.
    init() {}

    /// The offset of one partition.
    subscript(_ topic: Name, _ partition: Int32) -> CommittedOffset? { topics[topic]?[partition] }

    /// All offsets, topics in order of their names.
    var inOrder: [(topic: Name, partitions: [Int32: CommittedOffset])] {
        topics.sorted { $0.key < $1.key }.map { (topic: $0.key, partitions: $0.value) }
    }

    /// What the metadata of partitions of a topic take, each as often as it is named.
    package func metadataBytes(of topic: Name, _ partitions: [Int32]) -> Int {
        guard metadataBytes > 0, let topic = topics[topic] else { return 0 }
        return partitions.reduce(0) { $0 + (topic[$1]?.metadata.utf8.count ?? 0) }
    }

    /// Stores an offset, or forgets it where there is none.
    mutating func set(_ topic: Name, _ partition: Int32, _ committed: CommittedOffset?) {
        let former: CommittedOffset?
        if let committed {
            former = topics[topic, default: [:]].updateValue(committed, forKey: partition)
            count += 1
            metadataBytes += committed.metadata.utf8.count
        } else {
            former = topics[topic]?.removeValue(forKey: partition)
            if topics[topic]?.isEmpty == true { topics[topic] = nil }
        }
        guard let former else { return }
        count -= 1
        metadataBytes -= former.metadata.utf8.count
    }
}

/// The offsets of all groups of one shard.
package struct OffsetTable: Sendable {
    private var byGroup: [Name: GroupOffsets] = [:]

    /// No offsets.
    package init() {}

    /// The offset of one partition.
    package subscript(_ group: Name, _ topic: Name, _ partition: Int32) -> CommittedOffset? {
        byGroup[group]?[topic, partition]
    }

    /// The offsets of a group.
    package subscript(_ group: Name) -> GroupOffsets { byGroup[group] ?? GroupOffsets() }

    /// All offsets of a group, topics in order of their names.
    package func all(of group: Name) -> [(topic: Name, partitions: [Int32: CommittedOffset])] {
        self[group].inOrder
    }

    /// What a group has offsets of, in order.
    func places(of group: Name) -> [(topic: Name, partition: Int32)] {
        all(of: group).flatMap { topic, partitions in partitions.keys.sorted().map { (topic, $0) } }
    }

    /// The groups that have offsets, in no order.
    var groups: [Name] { Array(byGroup.keys) }

    /// Whether there are none at all.
    var isEmpty: Bool { byGroup.isEmpty }

    /// Whether a group has any offset.
    package func isEmpty(_ group: Name) -> Bool { byGroup[group] == nil }

    /// Stores an offset.
    mutating func set(_ group: Name, _ topic: Name, _ partition: Int32, _ committed: CommittedOffset) {
        byGroup[group, default: GroupOffsets()].set(topic, partition, committed)
    }

    /// Stores an offset, or forgets it where there is no value.
    mutating func apply(_ key: OffsetCommitKey, _ value: OffsetCommitValue?) {
        if let value {
            set(key.group, key.topic, key.partition, CommittedOffset(value))
        } else {
            byGroup[key.group]?.set(key.topic, key.partition, nil)
            if byGroup[key.group]?.count == 0 { byGroup[key.group] = nil }
        }
    }

    /// The record that stores an offset.
    static func record(
        _ group: Name, _ topic: Name, _ partition: Int32, _ committed: CommittedOffset
    ) -> GroupRecord {
        var value = OffsetCommitValue()
        value.offset = committed.offset.value
        value.leaderEpoch = committed.leaderEpoch
        value.metadata = committed.metadata
        value.commitTimestamp = committed.committed.milliseconds
        value.expireTimestamp = committed.expires?.milliseconds ?? -1
        value.topicID = committed.topicID
        return .offsetCommit(key(group, topic, partition), value)
    }

    /// The record that takes an offset back.
    static func tombstone(_ group: Name, _ topic: Name, _ partition: Int32) -> GroupRecord {
        .offsetCommit(key(group, topic, partition), nil)
    }

    private static func key(_ group: Name, _ topic: Name, _ partition: Int32) -> OffsetCommitKey {
        var key = OffsetCommitKey()
        key.group = group
        key.topic = topic
        key.partition = partition
        return key
    }
}

extension CommittedOffset {
    init(_ value: OffsetCommitValue) {
        self.init(
            offset: Offset(value.offset), leaderEpoch: value.leaderEpoch, metadata: value.metadata,
            committed: Timestamp(milliseconds: value.commitTimestamp),
            expires: value.expireTimestamp < 0 ? nil : Timestamp(milliseconds: value.expireTimestamp),
            topicID: value.topicID)
    }
}
