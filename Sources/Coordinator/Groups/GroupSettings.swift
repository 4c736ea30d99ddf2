// What can be configured about groups, and what bounds them.

/// The settings of a group coordinator.
package struct GroupSettings: Sendable {
    /// Shortest session timeout that a classic member may ask for.
    package var sessionTimeoutMinMilliseconds: Int32 = 6_000
    /// Longest session timeout that a classic member may ask for.
    package var sessionTimeoutMaxMilliseconds: Int32 = 1_800_000
    /// Most members of a classic group.
    package var membersMax: Int32 = .max
    /// How long an empty group waits for more members before its first round (KIP-134).
    package var initialRebalanceDelayMilliseconds: Int32 = 0
    /// Longest metadata beside a committed offset.
    package var offsetMetadataBytesMax: Int32 = 4_096
    /// How long offsets are kept that no group uses any more (KIP-211).
    package var offsetRetentionMilliseconds: Int64 = 7 * 86_400_000
    /// Largest record of one group; it must fit into a segment of the log.
    package var recordBytesMax = 64 << 20

    /// What concerns consumer groups (KIP-848).
    package var consumer = ConsumerSettings()
    /// Most bytes that one member may say about all its protocols.
    package static let memberMetadataBytesMax = 8 << 20
    /// Most members of one group that were sent away to come again with their new id.
    package static let pendingJoinsMax = 10_000

    /// How soon a round that nobody came back to is looked at again, at the earliest.
    package static let emptyRoundMinMilliseconds: Int32 = 100

    /// A member that waits in a join has no id yet that it could send heartbeats with; it is given up after
    /// this time and may ask again (Kafka's fixed value).
    package static let newMemberJoinTimeoutMilliseconds: Int32 = 300_000

    /// The defaults.
    package init() {}
}
