// Round robin: all partitions in the order of their topics, assigned in turn; who did not subscribe is passed
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
