// Incremental fetch sessions (KIP-227): a client names its partitions once, later requests carry only
// changes, and replies only the partitions that have news.
package import Base

/// One partition that a fetch asks for.
package struct FetchTarget: Sendable {
    /// Identifies the partition within a request or session: by id where the client speaks ids (v13), else by
    /// name.
    package struct Key: Hashable, Sendable {
        package let topicName: Name
        package let topicID: TopicID
        package let partition: Int32
    }

    package var key: Key
    /// First offset wanted.
    package var fetchOffset: Offset
    /// The client's bound on the bytes of this partition.
    package var maxBytes: Int32
    /// The leader epoch that the client knows; -1 for none.
    package var currentLeaderEpoch: Int32
    /// The epoch of the last record that the client has; -1 for none (KIP-595).
    package var lastFetchedEpoch: Int32
}

/// A session: its partitions in the order in which they are served next, and what the client was told of
/// each.
struct FetchSession: Sendable {
    /// What the client knows of a partition from earlier replies of the session.
    struct Told: Sendable, Equatable {
        var highWatermark: Int64
        var logStart: Int64
    }

    let id: Int32
    /// Clients name topics either always by id or always by name within one session.
    let usesTopicIDs: Bool
    /// The epoch that the next request must carry.
    var nextEpoch: Int32 = 1
    var lastUsedNanoseconds: Int64
    private(set) var order: [FetchTarget.Key] = []
    private var targets: [FetchTarget.Key: FetchTarget] = [:]
    private var told: [FetchTarget.Key: Told] = [:]

    init(id: Int32, usesTopicIDs: Bool, targets: [FetchTarget], at nanoseconds: Int64) {
        self.id = id
        self.usesTopicIDs = usesTopicIDs
        lastUsedNanoseconds = nanoseconds
        for target in targets { update(target) }
    }

    /// Adds a partition, or changes what is asked of it.
    mutating func update(_ target: FetchTarget) {
        if targets.updateValue(target, forKey: target.key) == nil { order.append(target.key) }
    }

    /// Forgets partitions.
    mutating func forget(_ keys: Set<FetchTarget.Key>) {
        guard !keys.isEmpty else { return }
        order.removeAll { keys.contains($0) }
        for key in keys {
            targets[key] = nil
            told[key] = nil
        }
    }

    /// What to fetch now, in serving order.
    var current: [FetchTarget] { order.compactMap { targets[$0] } }
    var isEmpty: Bool { targets.isEmpty }
    /// How many partitions it has.
    var count: Int { targets.count }

    /// Whether a partition's result is news, and remembers what the client is told by it.
    mutating func isNews(_ key: FetchTarget.Key, byItself: Bool, failed: Bool, now: Told) -> Bool {
        if failed {
            told[key] = nil  // so that the recovery of the partition is news as well
            return true
        }
        let isNew = byItself || told[key] != now
        told[key] = now
        return isNew
    }

    /// Moves the partitions that had records behind the others, so that a busy one cannot starve them.
    mutating func rotate(served: Set<FetchTarget.Key>) {
        guard !served.isEmpty, served.count < order.count else { return }
        order = order.filter { !served.contains($0) } + order.filter { served.contains($0) }
    }

    /// The epoch after `epoch`: 1 follows the largest, as 0 and -1 mean "new session" and "no session".
    static func epoch(after epoch: Int32) -> Int32 { epoch == .max ? 1 : epoch + 1 }
}
