// The balanced assignment where subscriptions differ. Free partitions go to whoever has least; then
// partitions move along chains of members (a gives to b, b to c) as long as that evens the counts out. When
// no chain is left, no assignment is more even (an optimal semi-matching: Harvey, Ladner, Lovász, Tamir
// 2003). At last partitions that moved needlessly return to their previous owners.

struct HeterogeneousAssignment {
    private static let unassigned = StickyAssignor.BalancedAssignment.unassigned

    private let problem: AssignmentProblem
    private let holders: [[Int]]
    /// By topic: the members' places, in Kafka's order.
    private let subscribers: [[Int]]
    /// By topic, then partition.
    private(set) var owners: [[Int]]
    private var loads: [Int]
    /// By member: topic → its partitions there.
    private var assigned: [[Int: Set<Int32>]]

    init(_ problem: AssignmentProblem, _ claims: StickyAssignor.Claims) {
        self.problem = problem
        holders = claims.holders
        owners = claims.holders
        subscribers = problem.subscribers(in: problem.memberOrder)
        loads = Array(repeating: 0, count: problem.members.count)
        assigned = Array(repeating: [:], count: problem.members.count)
        for (topic, row) in owners.enumerated() {
            for (partition, owner) in row.enumerated() where owner != Self.unassigned {
                assigned[owner][topic, default: []].insert(Int32(partition))
                loads[owner] += 1
            }
        }
    }

    mutating func run() {
        fill()
        chain()
        restore()
        returnRest()
    }

    /// Gives what is free to the least loaded, beginning with topics that few can take.
    private mutating func fill() {
        let topics = owners.indices.filter { !subscribers[$0].isEmpty }
            .sorted { (subscribers[$0].count, $0) < (subscribers[$1].count, $1) }
        for topic in topics {
            let free = owners[topic].indices.filter { owners[topic][$0] == Self.unassigned }
            guard !free.isEmpty else { continue }
            var queue = LoadQueue(subscribers[topic], loads)
            for partition in free {
                place(PartitionSlot(topic: topic, partition: Int32(partition)), at: queue.least)
                queue.raiseLeast()
            }
        }
    }

    /// Moves partitions along chains, from the most loaded members downwards.
    private mutating func chain() {
        // Members from which, as it turned out, nobody better can be reached; they stay as they are.
        var settled = [Bool](repeating: false, count: loads.count)
        while let start = loads.indices.filter({ !settled[$0] }).max(by: { loads[$0] < loads[$1] }) {
            var search = ChainSearch(members: loads.count, topics: owners.count, start: start)
            if let end = search.run(from: start, loads, assigned, subscribers, settled) {
                for step in search.path(to: end) { move(step.topic, from: step.giver, to: step.taker) }
            } else {
                for member in search.reached { settled[member] = true }
            }
        }
    }

    /// Gives partitions back to who held them where others can move instead at no loss.
    private mutating func restore() {
        var budget = Self.restoreVisitsMax
        var improved = true
        while improved, budget > 0 {
            improved = false
            for (topic, row) in holders.enumerated() {
                for (partition, holder) in row.enumerated() where holder != Self.unassigned && budget > 0 {
                    let slot = PartitionSlot(topic: topic, partition: Int32(partition))
                    if owners[topic][partition] != holder, giveBack(slot, to: holder, &budget) {
                        improved = true
                    }
                }
            }
        }
    }

    /// How many members a search for ways back may look at, all together: beyond it, answers remain right and
    /// even, and may move more than they had to.
    private static let restoreVisitsMax = 2_000_000

    /// Gives `slot` back to `holder`, who passes another on, and so forth until the counts are as before.
    private mutating func giveBack(_ slot: PartitionSlot, to holder: Int, _ budget: inout Int) -> Bool {
        let owner = owners[slot.topic][Int(slot.partition)]
        var search = ChainSearch(members: loads.count, topics: owners.count, start: holder)
        let found = search.exchange(
            until: owner, loads, subscribers, &budget,
            gives: { giver in
                var topics: [Int] = []
                for (topic, partitions) in assigned[giver]
                where partitions.contains(where: { holders[topic][Int($0)] != giver }) {
                    topics.append(topic)
                }
                return topics.sorted()
            })
        guard found else { return false }
        place(slot, at: holder)
        for step in search.path(to: owner) where step.topic != ChainSearch.exchanged {
            move(step.topic, from: step.giver, to: step.taker)
        }
        return true
    }

    /// What `restore` left, in groups that are small enough to look at everything.
    private mutating func returnRest() {
        guard loads.count <= ReturnCycles.membersMax else { return }
        while isAnyAway,
            let moves = ReturnCycles(
                assigned: assigned, holders: holders, subscribers: subscribers, loads: loads
            )
            .find()
        {
            for move in moves { place(move.slot, at: move.taker) }
        }
    }

    private var isAnyAway: Bool {
        zip(holders, owners).contains { zip($0, $1).contains { $0 != Self.unassigned && $0 != $1 } }
    }

    /// Moves one partition of `topic`, best one that returns to its previous owner, then one that its giver
    /// did not hold before.
    private mutating func move(_ topic: Int, from giver: Int, to taker: Int) {
        guard let partitions = assigned[giver][topic] else { return }
        func cost(_ partition: Int32) -> Int {
            let holder = holders[topic][Int(partition)]
            return holder == taker ? 0 : holder == giver ? 2 : 1
        }
        guard let best = partitions.min(by: { (cost($0), $0) < (cost($1), $1) }) else { return }
        place(PartitionSlot(topic: topic, partition: best), at: taker)
    }

    private mutating func place(_ slot: PartitionSlot, at member: Int) {
        let old = owners[slot.topic][Int(slot.partition)]
        if old != Self.unassigned {
            loads[old] -= 1
            assigned[old][slot.topic]?.remove(slot.partition)
            if assigned[old][slot.topic]?.isEmpty == true { assigned[old][slot.topic] = nil }
        }
        owners[slot.topic][Int(slot.partition)] = member
        loads[member] += 1
        assigned[member][slot.topic, default: []].insert(slot.partition)
    }
}

/// Breadth first through members and the topics of which they have partitions.
private struct ChainSearch {
    private(set) var reached: [Int]
    private var seenMember: [Bool]
    private var seenTopic: [Bool]
    private var cameFrom: [(giver: Int, topic: Int)]
    private let start: Int

    init(members: Int, topics: Int, start: Int) {
        self.start = start
        reached = [start]
        seenMember = Array(repeating: false, count: members)
        seenTopic = Array(repeating: false, count: topics)
        cameFrom = Array(repeating: (start, 0), count: members)
        seenMember[start] = true
    }

    /// The first member found that has at least two partitions less than `start`; nil if there is none.
    mutating func run(
        from start: Int, _ loads: [Int], _ assigned: [[Int: Set<Int32>]], _ subscribers: [[Int]],
        _ settled: [Bool]
    ) -> Int? {
        var next = 0
        while next < reached.count {
            let giver = reached[next]
            next += 1
            for topic in assigned[giver].keys.sorted() where !seenTopic[topic] {
                seenTopic[topic] = true
                for taker in subscribers[topic] where !seenMember[taker] && !settled[taker] {
                    seenMember[taker] = true
                    cameFrom[taker] = (giver, topic)
                    if loads[taker] <= loads[start] - 2 { return taker }
                    reached.append(taker)
                }
            }
        }
        return nil
    }

    /// Whether there is a chain to `end` in which each giver passes on one of the topics that `gives` names,
    /// or changes roles with a member that has one partition more.
    mutating func exchange(
        until end: Int, _ loads: [Int], _ subscribers: [[Int]], _ budget: inout Int, gives: (Int) -> [Int]
    ) -> Bool {
        var seenLoads: Set<Int> = []
        var next = 0
        while next < reached.count, budget > 0 {
            let giver = reached[next]
            next += 1
            var steps = gives(giver).filter { !seenTopic[$0] }.map { ($0, subscribers[$0]) }
            for (topic, _) in steps { seenTopic[topic] = true }
            let more = loads[giver] + 1
            if seenLoads.insert(more).inserted {
                steps.insert((Self.exchanged, loads.indices.filter { loads[$0] == more }), at: 0)
            }
            for (topic, takers) in steps {
                budget -= takers.count
                for taker in takers where !seenMember[taker] {
                    seenMember[taker] = true
                    cameFrom[taker] = (giver, topic)
                    if taker == end { return true }
                    reached.append(taker)
                }
            }
        }
        return false
    }

    /// Stands in a path for an exchange of roles, in which nothing moves.
    static let exchanged = -1

    /// The moves from `end` back to the start, the last one first.
    func path(to end: Int) -> [(topic: Int, giver: Int, taker: Int)] {
        var steps: [(topic: Int, giver: Int, taker: Int)] = []
        var taker = end
        while taker != start {
            let (giver, topic) = cameFrom[taker]
            steps.append((topic, giver, taker))
            taker = giver
        }
        return steps
    }
}

/// Members by load, least first; equal loads in the given order.
private struct LoadQueue {
    private var heap: [(load: Int, order: Int, member: Int)]

    init(_ members: [Int], _ loads: [Int]) {
        heap = members.enumerated().map { (loads[$0.element], $0.offset, $0.element) }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    /// The member with the least load.
    var least: Int { heap[0].member }

    /// Adds one to the least load.
    mutating func raiseLeast() {
        heap[0].load += 1
        sink(0)
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && less(child, least) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private func less(_ left: Int, _ right: Int) -> Bool {
        (heap[left].load, heap[left].order) < (heap[right].load, heap[right].order)
    }
}
