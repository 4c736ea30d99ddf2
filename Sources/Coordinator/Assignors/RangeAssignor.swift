// Range: each topic by itself is cut into runs of neighbouring partitions, one for each subscriber, the first
// ones one longer where it does not come out even. Partitions with the same number of topics that are split
// alike end up together, which joins rely on.

enum RangeAssignor {
    static func assign(_ problem: AssignmentProblem) -> Shares {
        var shares = Shares(repeating: [], count: problem.members.count)
        let order = problem.memberOrder
        guard let first = order.first else { return shares }
        if problem.isHomogeneous {
            for topic in problem.members[first].topics {
                split(topic, of: problem, among: order, into: &shares)
            }
        } else {
            for (topic, subscribers) in problem.subscribers(in: order).enumerated() {
                split(topic, of: problem, among: subscribers, into: &shares)
            }
        }
        return shares
    }

    private static func split(
        _ topic: Int, of problem: AssignmentProblem, among subscribers: [Int], into shares: inout Shares
    ) {
        guard !subscribers.isEmpty else { return }
        let count = problem.partitionCounts[topic]
        let (each, longer) = count.quotientAndRemainder(dividingBy: subscribers.count)
        var start = 0
        for (place, member) in subscribers.enumerated() {
            let end = start + each + (place < longer ? 1 : 0)
            // Everybody after the first who gets nothing gets nothing either.
            guard end > start else { return }
            shares[member].append(
                TopicShare(topic: topic, partitions: (start..<end).map { Int32($0) }))
            start = end
        }
    }
}
