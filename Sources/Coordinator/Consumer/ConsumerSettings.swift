// What can be configured about consumer groups.
import Base

/// What can be configured of each consumer group by itself.
package struct ConsumerGroupConfig: Hashable, Sendable {
    /// How long a member may be silent.
    package var sessionTimeoutMilliseconds: Int32 = 45_000
    /// How often members shall send heartbeats.
    package var heartbeatIntervalMilliseconds: Int32 = 5_000
    /// The least time between two assignments.
    package var assignmentIntervalMilliseconds: Int32 = 1_000

    /// The defaults.
    package init() {}
}

/// The settings of consumer groups.
package struct ConsumerSettings: Sendable {
    /// What holds for groups that have nothing of their own.
    package var defaults = ConsumerGroupConfig()
    /// What members may ask for; the first one where they do not.
    package var assignors = Assignor.serverSide
    /// Most members of a group.
    package var membersMax: Int32 = .max
    /// Members and partitions together that are assigned at once; larger groups are assigned outside of the
    /// shard's critical section.
    package var assignedAtOnceMax = 1_000
    /// How many computed assignments in a row may come too late, as the group has changed meanwhile; the next
    /// is then made at once.
    static let lateAssignmentsMax = 3
    /// Whether groups change their kind while they have members.
    package var migration = MigrationPolicy.bidirectional

    /// The defaults.
    package init() {}

    /// Which members may make a group of the other kind of theirs.
    package enum MigrationPolicy: String, CaseIterable, Sendable {
        case disabled, downgrade, upgrade, bidirectional

        /// Whether the first new member makes a classic group a consumer group.
        package var allowsUpgrade: Bool { self == .upgrade || self == .bidirectional }
        /// Whether a consumer group becomes classic when its last new member goes.
        package var allowsDowngrade: Bool { self == .downgrade || self == .bidirectional }
    }
}

extension GroupCoordinator {
    /// What is configured of a group.
    func configuration(of id: Name) -> ConsumerGroupConfig {
        consumerConfigs[id] ?? settings.consumer.defaults
    }
}
