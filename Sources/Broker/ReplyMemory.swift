// What requests and replies take, estimated before they are read or made: whatever is told of as many things
// as a request names waits for memory first where it is not small, and what would take more than there is for
// one is never begun.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security
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
    fileprivate static let requestFactor = 16

    /// What a request of so many bytes and its reply take as values.
    static func workBytes(request: Int, reply: Int) -> Int { requestFactor * request + valueFactor * reply }
}

/// How large the requests of one kind may be.
enum RequestSize {
    /// They consist of bytes for others, and may be as large as memory allows.
    case carryingBytes
    /// They name things, which take several times as much once they are read.
    case naming
    /// The same, with a limit of its own.
    case namingAtMost(Int)

    /// The largest request.
    func maxBytes(_ shares: MemoryShares) -> Int {
        let naming = max(MemoryShares.smallMaxBytes, shares.largeBytes / ReplyMemory.requestFactor)
        return switch self {
        case .carryingBytes: shares.largestFrameBytes
        case .naming: naming
        case .namingAtMost(let bytes): min(bytes, naming)
        }
    }
}

/// How large the replies to the requests of one kind become.
enum ReplySize<Request: RequestMessage>: Sendable {
    /// About how many bytes the reply takes; not looked at further once there are `limitBytes`.
    typealias Measure =
        @Sendable (_ request: Request, _ context: RequestContext, _ limitBytes: Int) -> Int

    /// Small, whatever is asked for.
    case small
    /// The handler knows only later, and then waits for the memory itself.
    case leasedByHandler
    /// Growing with what the request names, or with what there is: a large one is made on the pool.
    case growing(Measure)

    /// About how many bytes a reply takes of which that is known beforehand.
    var measure: Measure {
        if case .growing(let measure) = self { return measure }
        return { _, _, _ in 0 }
    }
}

/// Sizes in replies beside texts, at most.
enum EntryBytes {
    static let topic = 64
    static let partition = 48
    /// An offset that was committed, without its metadata.
    static let offset = 32
    /// A partition or a group and what became of it.
    static let code = 8
    static let config = 64
    /// A configuration with where it comes from and what it means.
    static let describedConfig = 256
    /// The same where it is a default that is told of many things, on the wire alone; and with what it means.
    static let repeatedConfig = 72
    static let repeatedConfigMeaning = 48
    static let aborted = 16
    /// A quota, and whom it is for without the names.
    static let quota = 64
    /// What is said of a partition, or of a topic, where something was wrong with it.
    static let refusal = 128

    /// An access rule, and what it is about.
    static func of(_ rule: AccessRule) -> Int {
        refusal + rule.resources.name.utf8.count + rule.principal.utf8.count + rule.host.utf8.count
    }

    /// What is said of a topic of which so many partitions are named.
    static func ofTopic(_ name: Name, _ partitionCount: Int, of partitionBytes: Int) -> Int {
        topic + name.utf8.count + partitionCount * partitionBytes
    }

    /// The sum over `items`, up to `limitBytes`.
    static func sum<Items: Sequence>(
        of items: Items, _ limitBytes: Int, _ bytes: (Items.Element) -> Int
    ) -> Int {
        var sum = 0
        for item in items where sum <= limitBytes { sum += bytes(item) }
        return sum
    }
}

extension Topic {
    /// What Metadata says of it.
    var describedBytes: Int {
        EntryBytes.topic + name.utf8.count + partitions.count * EntryBytes.partition
    }
}

extension RequestContext {
    /// What descriptions of groups take; each is measured once, however often it is asked for.
    func describedBytes(_ groups: [Name], _ limitBytes: Int) -> Int {
        var measured: [Name: Int] = [:]
        return EntryBytes.sum(of: groups, limitBytes) { group in
            if let bytes = measured[group] { return bytes }
            // One that is not there is named twice, where the text of its error says so.
            let bytes =
                EntryBytes.refusal + 2 * group.utf8.count + bytes(of: group) { $0.describedBytes($1) }
            measured[group] = bytes
            return bytes
        }
    }

    /// The offsets of a group; nil where there is no group at all.
    func offsets(of group: Name) -> GroupOffsets? {
        guard let shards = broker.groups.existingShards() else { return nil }
        return GroupHost.shard(of: group, in: shards).inspect { $0.offsets(of: group) }
    }

    /// What `measure` finds of a group; 0 where there is none.
    func bytes(of group: Name, _ measure: (GroupCoordinator, Name) -> Int) -> Int {
        guard let shards = broker.groups.existingShards() else { return 0 }
        return GroupHost.shard(of: group, in: shards).inspect { measure($0, group) } ?? 0
    }
}
