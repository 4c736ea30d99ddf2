// Sticky: counts as even as the subscriptions allow, and under that condition as few moves as possible. The
// broker's `uniform` follows the same rule. Kafka's own choice among equally good answers depends on the
// order of its hash tables, so the answers are equal in quality only.

enum StickyAssignor {
    static func assign(_ problem: AssignmentProblem) -> Shares {
        BalancedAssignment(problem).shares
    }

    /// Who owns what, by topic and partition; `unassigned` where no member subscribed.
    struct BalancedAssignment {
        static let unassigned = -1

        let problem: AssignmentProblem
        /// By topic, then partition: the member's place.
        private(set) var owners: [[Int]]

        /// Assigns everything.
        init(_ problem: AssignmentProblem) {
            self.problem = problem
            let claims = Claims(problem)
            if problem.isHomogeneous {
                owners = HomogeneousAssignment.owners(problem, claims)
            } else {
                var assignment = HeterogeneousAssignment(problem, claims)
                assignment.run()
                owners = assignment.owners
            }
        }

        var shares: Shares {
            var builder = SharesBuilder(problem)
            for (topic, row) in owners.enumerated() {
                for (partition, member) in row.enumerated() where member != Self.unassigned {
                    builder.give(PartitionSlot(topic: topic, partition: Int32(partition)), to: member)
                }
            }
            return builder.shares
        }
    }

    /// Who rightly holds what before the assignment.
    struct Claims {
        /// By topic, then partition: the member's place or `unassigned`.
        private(set) var holders: [[Int]]

        /// What members say that they own, as far as it exists, they subscribed to it, and no later
        /// generation and no other member of the same one says so too.
        init(_ problem: AssignmentProblem) {
            holders = problem.partitionCounts.map {
                Array(repeating: BalancedAssignment.unassigned, count: $0)
            }
            guard problem.members.contains(where: { !$0.owned.isEmpty }) else { return }
            var since = problem.partitionCounts.map { [Int32](repeating: .min, count: $0) }
            // Marks the subscriptions of the member at hand.
            var subscriber = [Int](
                repeating: BalancedAssignment.unassigned, count: problem.partitionCounts.count)
            for (place, member) in problem.members.enumerated() {
                for topic in member.topics { subscriber[topic] = place }
                for slot in member.owned {
                    guard problem.partitionCounts.indices.contains(slot.topic),
                        subscriber[slot.topic] == place,
                        holders[slot.topic].indices.contains(Int(slot.partition))
                    else { continue }
                    let (topic, partition) = (slot.topic, Int(slot.partition))
                    if member.generation > since[topic][partition] || since[topic][partition] == .min {
                        since[topic][partition] = member.generation
                        holders[topic][partition] = place
                    } else if member.generation == since[topic][partition], holders[topic][partition] != place
                    {
                        holders[topic][partition] = BalancedAssignment.unassigned
                    }
                }
            }
        }
    }
}

enum CooperativeStickyAssignor {
    /// As sticky, less what somebody else in the group still holds: that follows in the next rebalance.
    static func assign(_ problem: AssignmentProblem) -> Shares {
        var held = [PartitionSlot: Int]()
        for (place, member) in problem.members.enumerated() {
            for slot in member.owned {
                held[slot] = held[slot] == nil || held[slot] == place ? place : shared
            }
        }
        return StickyAssignor.assign(problem).enumerated().map { place, shares in
            shares.compactMap { share in
                let free = share.partitions.filter { partition in
                    let holder = held[PartitionSlot(topic: share.topic, partition: partition)]
                    return holder == nil || holder == place
                }
                return free.isEmpty ? nil : TopicShare(topic: share.topic, partitions: free)
            }
        }
    }

    /// Stands for several members that all say to hold a partition.
    private static let shared = -1
}
