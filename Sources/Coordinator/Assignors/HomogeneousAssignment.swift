// The balanced assignment where everybody subscribed to the same topics: everybody gets the same number, some
// one more.

enum HomogeneousAssignment {
    /// The owners by topic and partition.
    static func owners(_ problem: AssignmentProblem, _ claims: StickyAssignor.Claims) -> [[Int]] {
        var owners = claims.holders
        let order = problem.memberOrder
        guard let first = order.first else { return owners }
        let topics = problem.members[first].topics
        let total = topics.reduce(0) { $0 + problem.partitionCounts[$1] }
        let room = quotas(of: total, held: counts(owners, problem), in: order)
        var kept = [Int](repeating: 0, count: problem.members.count)
        for topic in topics {
            for (partition, owner) in owners[topic].enumerated()
            where owner != StickyAssignor.BalancedAssignment.unassigned {
                if kept[owner] < room[owner] {
                    kept[owner] += 1
                } else {
                    owners[topic][partition] = StickyAssignor.BalancedAssignment.unassigned
                }
            }
        }
        // What is free goes in turn to those with room, so that a topic's partitions are spread.
        var turn = order.filter { kept[$0] < room[$0] }
        var next = 0
        for topic in topics {
            for (partition, owner) in owners[topic].enumerated()
            where owner == StickyAssignor.BalancedAssignment.unassigned {
                if next >= turn.count {
                    turn.removeAll { kept[$0] >= room[$0] }
                    next = 0
                }
                let member = turn[next]
                owners[topic][partition] = member
                kept[member] += 1
                next += 1
            }
        }
        return owners
    }

    private static func counts(_ owners: [[Int]], _ problem: AssignmentProblem) -> [Int] {
        var counts = [Int](repeating: 0, count: problem.members.count)
        for row in owners {
            for owner in row where owner != StickyAssignor.BalancedAssignment.unassigned {
                counts[owner] += 1
            }
        }
        return counts
    }

    /// How many each gets; who holds much already is first to get one more than the others.
    private static func quotas(of total: Int, held: [Int], in order: [Int]) -> [Int] {
        let (each, more) = total.quotientAndRemainder(dividingBy: order.count)
        var quotas = [Int](repeating: each, count: held.count)
        let above = order.filter { held[$0] > each }
        let others = order.filter { held[$0] <= each }
        for member in (above + others).prefix(more) { quotas[member] += 1 }
        return quotas
    }
}
