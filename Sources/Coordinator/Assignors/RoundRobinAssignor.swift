// Round robin: all partitions in the order of their topics, dealt in turn; who did not subscribe is passed
// over.

enum RoundRobinAssignor {
    static func assign(_ problem: AssignmentProblem) -> Shares {
        var builder = SharesBuilder(problem)
        let order = problem.memberOrder
        var placeOf = [Int](repeating: 0, count: order.count)
        for (place, member) in order.enumerated() { placeOf[member] = place }
        let subscribers = problem.subscribers(in: order)
        // The place whose turn it is.
        var turn = 0
        for (topic, count) in problem.partitionCounts.enumerated() where !subscribers[topic].isEmpty {
            let places = subscribers[topic].map { placeOf[$0] }
            var next = places.partitioningIndex { $0 >= turn }
            for partition in 0..<count {
                if next == places.count { next = 0 }
                builder.give(
                    PartitionSlot(topic: topic, partition: Int32(partition)), to: order[places[next]])
                turn = places[next] + 1
                next += 1
            }
        }
        return builder.shares
    }
}

extension [Int] {
    /// The first index whose element fulfils `predicate`, which no earlier element may; the count if there is
    /// none.
    fileprivate func partitioningIndex(where predicate: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Collects partitions that are given out in the order of their topics.
struct SharesBuilder {
    private var open: [[(topic: Int, partitions: [Int32])]]

    init(_ problem: AssignmentProblem) {
        open = Array(repeating: [], count: problem.members.count)
    }

    /// Gives `slot` to the member at `member`; topics, and partitions within a topic, must ascend.
    mutating func give(_ slot: PartitionSlot, to member: Int) {
        let last = open[member].count - 1
        if last >= 0, open[member][last].topic == slot.topic {
            open[member][last].partitions.append(slot.partition)
        } else {
            open[member].append((slot.topic, [slot.partition]))
        }
    }

    var shares: Shares {
        open.map { $0.map { TopicShare(topic: $0.topic, partitions: $0.partitions) } }
    }
}
