// What happened to a group lately and why, for people: who joined, left or fell silent, why a round began and
// how long it took. Kept in memory only.
package import Base

/// Something that happened to a group.
package enum GroupNote: Hashable, Sendable, CustomStringConvertible {
    /// A member came, for the first time or again.
    case joined(member: Name, client: GroupClient)
    /// A static member came back under a new id.
    case returned(instance: Name, member: Name)
    /// A member said that it leaves.
    case left(member: Name, reason: String)
    /// A member was silent for longer than its session timeout.
    case timedOut(member: Name, milliseconds: Int32)
    /// A member missed the round, or did not ask for its assignment.
    case missedRound(member: Name)
    /// A round began.
    case rebalanceBegan(reason: String)
    /// A generation stands.
    case generation(Int32, members: Int, protocolName: Name, milliseconds: Int64)
    /// The group has no members any more.
    case emptied(generation: Int32)
    /// Offsets were forgotten.
    case offsetsExpired(Int)
    /// The state was read from the log.
    case loaded(members: Int)

    /// One sentence.
    package var description: String {
        switch self {
        case .joined(let member, let client): "\(member) joined from \(client.host)"
        case .returned(let instance, let member): "\(instance) came back as \(member)"
        case .left(let member, let reason): "\(member) left: \(reason)"
        case .timedOut(let member, let milliseconds): "\(member) was silent for \(milliseconds) ms"
        case .missedRound(let member): "\(member) was removed, as it missed the round"
        case .rebalanceBegan(let reason): "a rebalance began: \(reason)"
        case .generation(let generation, let members, let name, let milliseconds):
            "generation \(generation) stands after \(milliseconds) ms: \(members) members, \(name)"
        case .emptied(let generation): "no members are left in generation \(generation)"
        case .offsetsExpired(let count): "\(count) offsets expired"
        case .loaded(let members): "read from the log with \(members) members"
        }
    }
}

/// A note with its time.
package struct GroupJournalEntry: Hashable, Sendable {
    package let time: Timestamp
    package let note: GroupNote
}

/// The last events of one group.
package struct GroupJournal: Sendable {
    /// How many events are kept.
    package static let lengthMax = 64

    private var ring: [GroupJournalEntry] = []
    private var next = 0
    /// When the round began that is under way.
    var roundBegan: Timestamp?

    /// Nothing has happened.
    package init() {}

    /// The events, the oldest first.
    package var entries: [GroupJournalEntry] { Array(ring[next...] + ring[..<next]) }

    mutating func add(_ note: GroupNote, at time: Timestamp) {
        let entry = GroupJournalEntry(time: time, note: note)
        if ring.count < Self.lengthMax {
            ring.append(entry)
        } else {
            ring[next] = entry
            next = (next + 1) % Self.lengthMax
        }
    }
}
