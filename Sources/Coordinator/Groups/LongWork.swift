// What may take long (a group with a hundred thousand offsets, a list of all groups) is done in slices: each
// is a decision of its own, and between them the shard decides on what others ask. Who asks about a group
// that is being worked on waits for the end of that, so that nobody sees half of it.
package import Base

/// How much one decision does at most.
enum SliceLimits {
    /// Records that a slice makes, or groups that it looks at: some milliseconds.
    ///
    /// A decision that ends one work may begin another one.
    static let stepsMax = 1_000
    /// So many offsets that are only looked at count as one step.
    static let offsetsLookedAt = 16
}

/// Work that is done slice by slice.
protocol LongWork: Sendable {
    /// Does the next slice; whether that was the last one.
    mutating func advance(_ shard: inout GroupCoordinator) -> Bool
    /// What whoever asked for it is told in the end.
    var reply: GroupReply? { get }
}

/// Names work that goes on.
package enum LongWorkID: Hashable, Sendable {
    /// A request that changes one group.
    case group(Name)
    /// A request about many groups, which changes none.
    case request(ReplyToken)
    /// Looking for offsets and groups that nobody uses any more.
    case expiry
    /// Forgetting the offsets of topics that are gone; each time is work of its own.
    case deletedTopics(Int)
}

/// Work that goes on, and who waits for its end.
struct Unfinished: Sendable {
    /// The work; nil when only those who waited for it are left.
    var work: (any LongWork)?
    let token: ReplyToken?
    /// What came meanwhile about the same group, in order.
    var waiting: ArraySlice<(request: GroupRequest, token: ReplyToken)> = []
}

extension GroupCoordinator {
    /// Does the first slice of `work`, and the others afterwards if there are any.
    mutating func begin(_ work: some LongWork, _ id: LongWorkID, _ token: ReplyToken?) {
        var work = work
        if work.advance(&self) {
            if let token, let reply = work.reply { decision.reply(reply, to: token) }
        } else {
            unfinished[id] = Unfinished(work: work, token: token)
            decision.continuations.append(.goOn(id))
        }
    }

    /// Has a request wait if its group is being worked on; whether it has to.
    mutating func mustWait(_ request: GroupRequest, _ token: ReplyToken) -> Bool {
        guard !unfinished.isEmpty, let group = request.group, unfinished[.group(group)] != nil else {
            return false
        }
        unfinished[.group(group)]?.waiting.append((request, token))
        return true
    }

    /// Does the next slice; work of before a restart of the shard is nobody's.
    mutating func goOn(_ id: LongWorkID) {
        guard var left = unfinished.removeValue(forKey: id) else { return }
        if var work = left.work {
            guard work.advance(&self) else {
                left.work = work
                return putBack(left, id)
            }
            if let token = left.token, let reply = work.reply { decision.reply(reply, to: token) }
            left.work = nil
        }
        while let next = left.waiting.first {
            guard decision.records.count < SliceLimits.stepsMax else { return putBack(left, id) }
            left.waiting.removeFirst()
            serve(next.request, next.token)
            // One that takes long itself has the others wait for it.
            if unfinished[id] != nil {
                unfinished[id]?.waiting += left.waiting
                return
            }
        }
    }

    private mutating func putBack(_ left: Unfinished, _ id: LongWorkID) {
        unfinished[id] = left
        decision.continuations.append(.goOn(id))
    }
}

/// Walks through partitions by topic, a slice at a time; a topic counts as a partition.
struct PartitionWalk: Sendable {
    private var topic = 0
    private var partition = 0

    /// The next partitions of one topic, which take up `room`; nil when there are no more, or no room.
    mutating func next(
        of topicCount: Int, _ room: inout Int, _ partitionCount: (Int) -> Int
    ) -> (topic: Int, partitions: Range<Int>)? {
        guard topic < topicCount, room > 0 else { return nil }
        let count = partitionCount(topic)
        let end = min(count, partition + room)
        defer {
            room -= max(1, end - partition)
            (topic, partition) = end < count ? (topic, end) : (topic + 1, 0)
        }
        return (topic, partition..<end)
    }

    /// Whether all topics are done.
    func isAtEnd(of topicCount: Int) -> Bool { topic >= topicCount }
}

/// Names slice by slice, each slice in order: to sort a hundred thousand of them would take long itself.
struct NamesInSlices: Sendable {
    private var rest: ArraySlice<Name>
    private var slice: ArraySlice<Name> = []

    init(_ names: [Name]) { rest = names[...] }

    /// Takes the next name out.
    mutating func next() -> Name? {
        if slice.isEmpty {
            slice = rest.prefix(SliceLimits.stepsMax).sorted()[...]
            rest = rest.dropFirst(SliceLimits.stepsMax)
        }
        return slice.popFirst()
    }
}
