// What every request that names a leader epoch has checked first: Fetch, ListOffsets, OffsetForLeaderEpoch.
internal import Base
internal import Protocol

/// Compares the leader epoch that a client knows with ours (KIP-320).
enum LeaderEpochCheck {
    /// The error for a client that knows `known` (-1: none) where the partition is in `current`.
    static func problem(_ known: Int32, _ current: LeaderEpoch) -> ErrorCode? {
        if known == -1 || known == current.value { return nil }
        return known > current.value ? .unknownLeaderEpoch : .fencedLeaderEpoch
    }
}
