// A member of a classic group.
package import Base
package import Protocol

/// A member, and what it waits for.
package struct ClassicMember: Sendable {
    /// The id that the coordinator gave it.
    package var id: Name
    /// The name that its operator gave it (KIP-345); nil for a dynamic member.
    package var instanceID: Name?
    package var client: GroupClient
    package var rebalanceTimeoutMilliseconds: Int32
    package var sessionTimeoutMilliseconds: Int32
    /// The ways to assign that it supports, the one it likes best first.
    package var protocols: [JoinGroupRequest.JoinGroupRequestProtocol]
    /// What it was given in the last generation that was completed.
    package var assignment: [UInt8] = []
    /// It has not been told its id yet.
    var isNew = false
    /// Its JoinGroup that is not answered yet.
    var awaitingJoin: ReplyToken?
    /// Its SyncGroup that is not answered yet.
    var awaitingSync: ReplyToken?
    /// Members are listed in the order in which they came.
    var arrival: UInt64 = 0

    /// What the member says to `protocolName`, empty if nothing.
    func metadata(for protocolName: Name) -> [UInt8] {
        protocols.first { $0.name == protocolName }?.metadata ?? []
    }

    /// Whether it joined with just these protocols.
    func matches(_ others: [JoinGroupRequest.JoinGroupRequestProtocol]) -> Bool {
        protocols.count == others.count
            && zip(protocols, others).allSatisfy { $0.name == $1.name && $0.metadata == $1.metadata }
    }

    /// Who waits for the coordinator is alive without heartbeats, unless it has never been told its id.
    var isExcusedFromHeartbeats: Bool { !isNew && (awaitingJoin != nil || awaitingSync != nil) }
}
