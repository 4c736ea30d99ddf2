// What requests and replies take as values, estimated before they are read or made: replies of more than a
// few kilobytes wait for memory first, and what would take more than there is for one is never begun.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

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
        default: max(MemoryShares.smallMaxBytes, shares.largeBytes / requestFactor)
        }
    }

    /// What the values of a reply of `bytes` take.
    static func valueBytes(_ bytes: Int) -> Int { valueFactor * bytes }
}

/// A request whose reply may be much larger than it is itself.
protocol SizedRequest: RequestMessage {
    /// About how many bytes the reply takes; not looked at further once there are `limitBytes`.
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int
    /// Whether a large reply is made on the pool; its handler then needs no loop.
    static var isAnsweredOnPool: Bool { get }
}

extension SizedRequest {
    static var isAnsweredOnPool: Bool { true }
}

/// Sizes in replies beside texts, at most.
private enum Entry {
    static let topicBytes = 64
    static let partitionBytes = 48
    /// An offset that was committed, without its metadata.
    static let offsetBytes = 24
    /// A partition or a group and what became of it.
    static let codeBytes = 8
    static let configBytes = 64
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
        let asked =
            context.version >= 8
            ? groups.map { ($0.groupID, $0.topics?.map(\.partitionIndexes.count)) }
            : [(groupID, topics?.map(\.partitionIndexes.count))]
        return sum(of: asked, limitBytes) { group, partitionCounts in
            partitionCounts.map { $0.reduce(0) { $0 + Entry.topicBytes + $1 * Entry.offsetBytes } }
                ?? context.bytes(of: group) { $0.offsetBytes(of: $1) }
        }
    }
}

extension OffsetCommitRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        topics.reduce(0) { $0 + Entry.topicBytes + $1.partitions.count * Entry.codeBytes }
    }
}

extension OffsetDeleteRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        topics.reduce(0) { $0 + Entry.topicBytes + $1.partitions.count * Entry.codeBytes }
    }
}

extension DeleteGroupsRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        groupsNames.reduce(0) { $0 + $1.utf8.count + Entry.codeBytes }
    }
}

extension FindCoordinatorRequest: SizedRequest {
    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        coordinatorKeys.reduce(0) { $0 + $1.utf8.count + Entry.topicBytes }
    }
}

extension CreateTopicsRequest: SizedRequest {
    static var isAnsweredOnPool: Bool { false }

    func replyBytes(_ context: RequestContext, limitBytes: Int) -> Int {
        // From version 5 on a topic is answered with all of its configurations.
        let each = context.version >= 5 ? TopicSettings.rules.count * Entry.configBytes : Entry.topicBytes
        return topics.count * each
    }
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
            let bytes = bytes(of: group) { $0.describedBytes($1) }
            measured[group] = bytes
            return bytes
        }
    }

    fileprivate func bytes(of group: Name, _ measure: (GroupCoordinator, Name) -> Int) -> Int {
        guard let shards = broker.groups.existingShards() else { return 0 }
        return GroupHost.shard(of: group, in: shards).inspect { measure($0, group) } ?? 0
    }
}
