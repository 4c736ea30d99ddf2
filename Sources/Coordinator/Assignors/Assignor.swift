// The assignors by the names under which clients and configurations know them.
package import Base

/// A rule that assigns partitions to the members of a group; pure, and the same answer for the same
/// question.
package enum Assignor: Name, CaseIterable, Sendable {
    /// Neighbouring partitions of each topic; the default of classic consumers' leaders.
    case range
    /// One partition after the other to one member after the other.
    case roundRobin = "roundrobin"
    /// Even counts, with as few moves as that allows (KIP-54).
    case sticky
    /// As sticky, but a partition goes to its next owner one rebalance after its last one gave it up
    /// (KIP-429).
    case cooperativeSticky = "cooperative-sticky"
    /// The broker's own balanced assignment for consumer groups (KIP-848).
    case uniform

    /// What the broker offers to consumer groups, the default first.
    package static let serverSide: [Assignor] = [.uniform, .range]

    /// What each member gets.
    ///
    /// Rack-aware variants of Kafka's client-side rules do nothing where all partitions are on the same set
    /// of racks, which one node cannot avoid; they are therefore not here.
    /// - Complexity: about linear in partitions plus subscriptions.
    package func assign(_ problem: AssignmentProblem) -> Shares {
        switch self {
        case .range: RangeAssignor.assign(problem)
        case .roundRobin: RoundRobinAssignor.assign(problem)
        case .sticky, .uniform: StickyAssignor.assign(problem)
        case .cooperativeSticky: CooperativeStickyAssignor.assign(problem)
        }
    }
}
