// The life of a classic group.
package import Base

/// The states of a classic group.
package enum ClassicGroupState: Name, CaseIterable, Sendable {
    /// No members; there may be offsets.
    ///
    /// JoinGroup → preparingRebalance. SyncGroup, Heartbeat, LeaveGroup → UNKNOWN_MEMBER_ID. OffsetCommit
    /// without a member is accepted. Deletion, or the expiry of the last offset → dead.
    case empty = "Empty"
    /// Members are asked to join again, and wait for each other.
    ///
    /// JoinGroup waits. SyncGroup, Heartbeat → REBALANCE_IN_PROGRESS. OffsetCommit of the generation that
    /// ends is accepted. All joined, or the time is up → completingRebalance, or empty where nobody is left.
    case preparingRebalance = "PreparingRebalance"
    /// A generation began; its leader makes the assignment.
    ///
    /// SyncGroup waits, that of the leader → stable. Heartbeats are accepted, OffsetCommit →
    /// REBALANCE_IN_PROGRESS. A member that joins, leaves or does not sync in time → preparingRebalance.
    case completingRebalance = "CompletingRebalance"
    /// Everyone has an assignment.
    ///
    /// SyncGroup answers it again. A member that joins with other metadata, or leaves, or falls silent →
    /// preparingRebalance.
    case stable = "Stable"
    /// Deleted: every request hears that there is no such group.
    case dead = "Dead"

    /// The states from which this one may follow.
    package var allowedPredecessors: Set<ClassicGroupState> {
        switch self {
        case .empty: [.preparingRebalance]
        case .preparingRebalance: [.empty, .completingRebalance, .stable]
        case .completingRebalance: [.preparingRebalance]
        case .stable: [.completingRebalance]
        case .dead: [.empty, .preparingRebalance, .completingRebalance, .stable, .dead]
        }
    }

    /// Whether a new round may begin.
    package var canRebalance: Bool { Self.preparingRebalance.allowedPredecessors.contains(self) }
}
