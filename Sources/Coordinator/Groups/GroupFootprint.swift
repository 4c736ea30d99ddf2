// How much replies about groups will take, before they are made: a look at sizes, not at contents.
package import Base

extension GroupCoordinator {
    /// What each group, member, topic and offset takes beside its texts, at most.
    private static let overheadBytes = 64

    /// About how many bytes the description of a group takes, of either kind.
    package func describedBytes(_ id: Name) -> Int {
        if let group = groups.classic[id] {
            return group.members.values.reduce(Self.overheadBytes) { sum, member in
                let metadata = group.protocolName.map { member.metadata(for: $0).count } ?? 0
                return sum + Self.overheadBytes + member.id.utf8.count + member.client.bytes + metadata
                    + member.assignment.count
            }
        }
        guard let group = groups.consumer[id] else { return Self.overheadBytes }
        return group.members.values.reduce(Self.overheadBytes) { sum, member in
            let topics = member.subscribedTopics.reduce(0) { $0 + $1.utf8.count + 4 }
            let held = [
                member.assigned.partitions, member.pendingRevocation.partitions,
                group.targets[member.id] ?? [:],
            ]
            let partitions = held.reduce(0) { sum, held in
                held.reduce(sum) { $0 + Self.overheadBytes + 4 * $1.value.count }
            }
            return sum + Self.overheadBytes + member.id.utf8.count + member.client.bytes + topics + partitions
                + member.pattern.utf8.count
        }
    }

    /// About how many bytes a list of all groups takes.
    package var listedBytes: Int { groups.count * 2 * Self.overheadBytes }

    /// The offsets of a group, to be measured elsewhere.
    package func offsets(of group: Name) -> GroupOffsets { offsets[group] }

    /// About how many bytes all offsets of a group take.
    package func offsetBytes(of group: Name) -> Int {
        let offsets = offsets[group]
        return offsets.topics.keys.reduce(
            Self.overheadBytes + offsets.count * Self.overheadBytes / 2 + offsets.metadataBytes
        ) { $0 + Self.overheadBytes + $1.utf8.count }
    }
}

extension GroupClient {
    fileprivate var bytes: Int { id.utf8.count + host.utf8.count }
}
