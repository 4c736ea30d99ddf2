// Moves that keep all counts and return more partitions to their previous owners than they take away: cycles
// of negative cost in the graph of members, found by Bellman and Ford. What simple chains leave over; for
// small groups only.

struct ReturnCycles {
    /// Beyond so many members the search takes longer than a few needless moves are worth.
    static let membersMax = 64

    /// A partition that changes its owner.
    struct Move {
        let slot: PartitionSlot
        let taker: Int
    }

    private struct Edge {
        let giver: Int
        let taker: Int
        let cost: Int
        /// Nil for an exchange of roles with a member that has one partition more: nothing moves.
        let slot: PartitionSlot?
    }

    private let members: Int
    private var edges: [Edge] = []

    /// The graph of one assignment: `assigned` by member and topic, `holders` by topic and partition.
    init(
        assigned: [[Int: Set<Int32>]], holders: [[Int]], subscribers: [[Int]], loads: [Int]
    ) {
        members = assigned.count
        for (giver, owned) in assigned.enumerated() {
            for topic in owned.keys.sorted() {
                let partitions = owned[topic, default: []].sorted()
                let movable = partitions.first { holders[topic][Int($0)] != giver }
                for taker in subscribers[topic] where taker != giver {
                    let returning = partitions.first { holders[topic][Int($0)] == taker }
                    guard let partition = returning ?? movable ?? partitions.first else { continue }
                    let cost = returning != nil ? -1 : movable != nil ? 0 : 1
                    let slot = PartitionSlot(topic: topic, partition: partition)
                    edges.append(Edge(giver: giver, taker: taker, cost: cost, slot: slot))
                }
            }
            for other in assigned.indices where loads[other] == loads[giver] + 1 {
                edges.append(Edge(giver: giver, taker: other, cost: 0, slot: nil))
            }
        }
    }

    /// The moves of one cycle that returns more than it takes away; nil if there is none.
    func find() -> [Move]? {
        var distance = [Int](repeating: 0, count: members)
        var cameBy = [Int?](repeating: nil, count: members)
        for _ in 0..<members {
            var last: Int?
            for (index, edge) in edges.enumerated()
            where distance[edge.giver] + edge.cost < distance[edge.taker] {
                distance[edge.taker] = distance[edge.giver] + edge.cost
                cameBy[edge.taker] = index
                last = edge.taker
            }
            guard let last else { return nil }
            if let cycle = cycle(before: last, cameBy) { return cycle }
        }
        return nil
    }

    /// The cycle into which the way back from `member` runs, if it does.
    private func cycle(before member: Int, _ cameBy: [Int?]) -> [Move]? {
        var seen = [Bool](repeating: false, count: members)
        var at = member
        while !seen[at] {
            seen[at] = true
            guard let index = cameBy[at] else { return nil }
            at = edges[index].giver
        }
        let start = at
        var moves: [Move] = []
        repeat {
            guard let index = cameBy[at] else { return nil }
            if let slot = edges[index].slot { moves.append(Move(slot: slot, taker: edges[index].taker)) }
            at = edges[index].giver
        } while at != start
        return moves
    }
}
