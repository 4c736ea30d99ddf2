// What requests and replies take, estimated before they are read or made: whatever is told of as many things
// as a request names waits for memory first where it is not small, and what would take more than there is for
// one is never begun.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Storage

/// The memory for large replies.
enum ReplyMemory {
    /// How much larger than its bytes a reply is as values: a partition of a Metadata reply is 40 bytes and
    /// about 200 in arrays and structures.
    private static let valueFactor = 6

    /// What a loop makes itself: some hundred microseconds at worst, which its other connections wait for.
    static let loopMaxBytes = 8 << 10

    /// How many members, groups or offsets a reply may tell of before it is made on the pool.
    static let loopMaxParts = 200

    /// How much larger than its bytes a request is as values, where it names things: the shortest name is a
    /// few bytes, and a string in a structure of its own several dozen.
    private static let requestFactor = 16

    /// The largest request of a kind: one that consists of bytes for others may be as large as memory allows.
    static func requestMaxBytes(_ key: APIKey, _ shares: MemoryShares) -> Int {
        switch key {
        case .produce, .joinGroup, .syncGroup: shares.largestFrameBytes
        case .fetch: min(fetchMaxBytes, namingMaxBytes(shares))
        default: namingMaxBytes(shares)
        }
    }

    /// The largest request that names things.
    private static func namingMaxBytes(_ shares: MemoryShares) -> Int {
        max(MemoryShares.smallMaxBytes, shares.largeBytes / requestFactor)
    }

    /// The largest Fetch: its partitions are read on a loop, and it names some 40,000 of them.
    private static let fetchMaxBytes = 2 << 20

    /// The most partitions of one Produce request, which are appended to on a loop: a batch of one record has
    /// 70 bytes, so that Java's producer never sends a quarter of that.
    static let producePartitionsMax = 1 << 16

    /// What a request of so many bytes and its reply take as values.
    static func workBytes(request: Int, reply: Int) -> Int { requestFactor * request + valueFactor * reply }
}

/// A request whose reply grows with what it names, or with what there is; a large one is made on the pool, so
/// that its handler must not need the loop.
protocol SizedRequest: RequestMessage {
    /// About how many bytes the reply takes; not looked at further once there are `limitBytes`.
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int
}

/// Sizes in replies beside texts, at most.
private enum Entry {
    static let topicBytes = 64
    static let partitionBytes = 48
    /// An offset that was committed, without its metadata.
    static let offsetBytes = 32
    /// A partition or a group and what became of it.
    static let codeBytes = 8
    static let configBytes = 64
    static let abortedBytes = 16
    /// What is said of a partition, or of a topic, where something was wrong with it.
    static let refusalBytes = 128
}

extension MetadataRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        let topics = context.topics
        guard let asked = self.topics, context.version > 0 || !asked.isEmpty else {
            return sum(of: topics.all, limitBytes) { $0.describedBytes }
        }
        var seen: Set<Name> = []
        return sum(of: asked, limitBytes) { wanted in
            // A topic that is named twice is described once.
            if asked.count > 1, let name = wanted.name, !seen.insert(name).inserted { return 0 }
            let topic = wanted.topicID == .zero ? wanted.name.flatMap { topics[$0] } : topics[wanted.topicID]
            return topic?.describedBytes ?? Entry.topicBytes + (wanted.name?.utf8.count ?? 0)
        }
    }
}

extension DescribeGroupsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        context.describedBytes(groups, limitBytes)
    }
}

extension ConsumerGroupDescribeRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        context.describedBytes(groupIDs, limitBytes)
    }
}

extension ListGroupsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        (context.broker.groups.existingShards() ?? []).reduce(0) { $0 + ($1.inspect { $0.listedBytes } ?? 0) }
    }
}

extension OffsetFetchRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        typealias Topic = (name: Name?, partitions: [Int32])
        let directory = context.topics
        let asked: [(group: Name, topics: [Topic]?)] =
            context.version >= 8
            ? groups.map { group in
                let topics = group.topics?.map { topic -> Topic in
                    let name = topic.topicID == .zero ? topic.name : directory[topic.topicID]?.name
                    return (name, topic.partitionIndexes)
                }
                return (group.groupID, topics)
            } : [(groupID, topics?.map { topic -> Topic in (topic.name, topic.partitionIndexes) })]
        return sum(of: asked, limitBytes) { group, topics in
            Entry.topicBytes + group.utf8.count
                + (topics.map { namedBytes($0, context.offsets(of: group), limitBytes) }
                    ?? context.bytes(of: group) { $0.offsetBytes(of: $1) })
        }
    }

    /// A partition that is named more than once is answered as often, with its metadata.
    private func namedBytes(
        _ topics: [(name: Name?, partitions: [Int32])], _ offsets: GroupOffsets?, _ limitBytes: Int
    ) -> Int {
        sum(of: topics, limitBytes) { topic in
            guard let name = topic.name else { return Entry.topicBytes }
            return Entry.topicBytes + name.utf8.count + topic.partitions.count * Entry.offsetBytes
                + (offsets?.metadataBytes(of: name, topic.partitions) ?? 0)
        }
    }
}

extension OffsetCommitRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { named($0.name, $0.partitions.count, of: Entry.codeBytes) }
    }
}

extension OffsetDeleteRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { named($0.name, $0.partitions.count, of: Entry.codeBytes) }
    }
}

extension ListOffsetsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { named($0.name, $0.partitions.count, of: Entry.offsetBytes) }
    }
}

extension OffsetForLeaderEpochRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { named($0.topic, $0.partitions.count, of: Entry.offsetBytes) }
    }
}

extension DeleteRecordsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { named($0.name, $0.partitions.count, of: Entry.offsetBytes) }
    }
}

extension DeleteGroupsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: groupsNames, limitBytes) { $0.utf8.count + Entry.codeBytes }
    }
}

extension LeaveGroupRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: members, limitBytes) {
            $0.memberID.utf8.count + ($0.groupInstanceID?.utf8.count ?? 0) + 2 * Entry.codeBytes
        }
    }
}

extension FindCoordinatorRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        let each = Entry.topicBytes + context.broker.advertisedAddress(for: context).host.utf8.count
        return sum(of: coordinatorKeys, limitBytes) { $0.utf8.count + each }
    }
}

extension CreateTopicsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        // From version 5 on a topic is answered with all of its configurations.
        let each =
            Entry.refusalBytes + (context.version >= 5 ? TopicSettings.rules.count * Entry.configBytes : 0)
        return sum(of: topics, limitBytes) { $0.name.utf8.count + each }
    }
}

extension DeleteTopicsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        sum(of: topics, limitBytes) { ($0.name?.utf8.count ?? 0) + Entry.refusalBytes }
            + sum(of: topicNames, limitBytes) { $0.utf8.count + Entry.refusalBytes }
    }
}

extension ProduceRequest {
    /// How many partitions it names.
    var partitionCount: Int { topicData.reduce(0) { $0 + $1.partitionData.count } }

    /// About how many bytes the reply takes.
    var replyBytes: Int {
        topicData.reduce(0) { $0 + named($1.name, $1.partitionData.count, of: Entry.refusalBytes) }
    }
}

extension FetchedPartitions {
    /// About how many bytes a reply takes beside the records.
    var replyBytes: Int {
        partitions.reduce(0) {
            $0 + 2 * Entry.topicBytes + $1.target.key.topicName.utf8.count
                + ($1.slice?.aborted.count ?? 0) * Entry.abortedBytes
        }
    }
}

extension FetchRequest {
    /// About how many bytes a reply takes that fails for each partition.
    var refusalBytes: Int {
        topics.reduce(0) { $0 + named($1.topic, $1.partitions.count, of: Entry.topicBytes) }
    }
}

/// What is said of a topic of which so many partitions are named.
private func named(_ name: Name, _ partitionCount: Int, of partitionBytes: Int) -> Int {
    Entry.topicBytes + name.utf8.count + partitionCount * partitionBytes
}

/// The sum over `items`, up to `limitBytes`.
private func sum<Items: Sequence>(
    of items: Items, _ limitBytes: Int, _ bytes: (Items.Element) -> Int
) -> Int {
    var sum = 0
    for item in items where sum <= limitBytes { sum += bytes(item) }
    return sum
}

extension Topic {
    fileprivate var describedBytes: Int {
        Entry.topicBytes + name.utf8.count + partitions.count * Entry.partitionBytes
    }
}

extension RequestContext {
    /// What descriptions of groups take; each is measured once, however often it is asked for.
    fileprivate func describedBytes(_ groups: [Name], _ limitBytes: Int) -> Int {
        var measured: [Name: Int] = [:]
        return sum(of: groups, limitBytes) { group in
            if let bytes = measured[group] { return bytes }
            // One that is not there is named twice, where the text of its error says so.
            let bytes =
                Entry.refusalBytes + 2 * group.utf8.count + bytes(of: group) { $0.describedBytes($1) }
            measured[group] = bytes
            return bytes
        }
    }

    /// The offsets of a group; nil where there is no group at all.
    fileprivate func offsets(of group: Name) -> GroupOffsets? {
        guard let shards = broker.groups.existingShards() else { return nil }
        return GroupHost.shard(of: group, in: shards).inspect { $0.offsets(of: group) }
    }

    fileprivate func bytes(of group: Name, _ measure: (GroupCoordinator, Name) -> Int) -> Int {
        guard let shards = broker.groups.existingShards() else { return 0 }
        return GroupHost.shard(of: group, in: shards).inspect { measure($0, group) } ?? 0
    }
}
