// What operators ask about groups: describe, list, delete.
internal import Base
internal import Protocol

/// What is told of a classic group: a snapshot, as putting it into words takes long for a large group.
package struct GroupDescription: Sendable {
    private let id: Name
    private let group: ClassicGroup?
    private let isOfAnotherKind: Bool

    fileprivate init(_ id: Name, _ groups: GroupTable) {
        self.id = id
        group = groups.classic[id]
        isOfAnotherKind = groups.consumer[id] != nil
    }

    /// How many members the description has.
    var memberCount: Int { group?.members.count ?? 0 }

    /// The group; an unknown one, or one of another kind, is not found.
    package var described: Result<DescribedGroup, GroupRefusal> {
        guard let group else {
            let problem = isOfAnotherKind ? "Group \(id) is not a classic group." : "Group \(id) not found."
            return .failure(GroupRefusal(.groupIDNotFound, problem))
        }
        let agreed = group.state == .stable ? group.protocolName : nil
        let members = group.membersInOrder.map { member in
            DescribedGroup.Member(
                id: member.id, instanceID: member.instanceID, client: member.client,
                metadata: agreed.map { member.metadata(for: $0) } ?? [], assignment: member.assignment)
        }
        return .success(
            DescribedGroup(
                id: id, state: group.state, protocolType: group.protocolType ?? "",
                protocolName: agreed ?? "", members: members))
    }
}

/// A list of the groups that a filter shows.
struct GroupListing: LongWork {
    private let filter: GroupFilter
    private var left: ArraySlice<Name>
    private var listed: [ListedGroup] = []

    init(_ filter: GroupFilter, _ groups: GroupTable) {
        self.filter = filter
        left = groups.ids[...]
    }

    var reply: GroupReply? { .list(listed) }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        listed += left.prefix(SliceLimits.stepsMax).compactMap { shard.listed($0, filter) }
        left = left.dropFirst(SliceLimits.stepsMax)
        return left.isEmpty
    }
}

/// The deletion of a group that has no members, with its offsets; also of one without a name, which old
/// clients commit to.
struct GroupDeletion: LongWork {
    private let id: Name
    private var code = ErrorCode.none
    /// The offsets that are still to be looked at; nil before the first slice.
    private var left: ArraySlice<(topic: Name, partition: Int32)>?

    init(_ id: Name) { self.id = id }

    var reply: GroupReply? { .delete(code) }

    mutating func advance(_ shard: inout GroupCoordinator) -> Bool {
        if let problem = shard.problem(withDeletionOf: id) {
            code = problem
            return true
        }
        let unused = left ?? (shard.offsets.places(of: id) + shard.pending.partitions(of: id))[...]
        for (topic, partition) in unused.prefix(SliceLimits.stepsMax)
        where shard.hasOffset(id, topic, partition) {
            shard.emit(OffsetTable.tombstone(id, topic, partition))
        }
        left = unused.dropFirst(SliceLimits.stepsMax)
        guard left?.isEmpty == true else { return false }
        if shard.groups.consumer[id] != nil { shard.removeConsumerGroup(id) } else { shard.remove(id) }
        return true
    }
}

extension GroupCoordinator {
    /// What there is to tell of a classic group.
    func description(of id: Name) -> GroupDescription { GroupDescription(id, groups) }

    /// How a group is listed, if it still is and the filter shows it.
    fileprivate func listed(_ id: Name, _ filter: GroupFilter) -> ListedGroup? {
        let listed: ListedGroup
        if let group = groups.classic[id] {
            listed = ListedGroup(
                id: id, kind: .classic, state: group.state.rawValue, protocolType: group.protocolType ?? "")
        } else if let group = groups.consumer[id] {
            listed = ListedGroup(
                id: id, kind: .consumer, state: group.state.rawValue,
                protocolType: ClassicGroup.consumerProtocolType)
        } else {
            return nil
        }
        return filter.shows(state: listed.state, type: listed.kind.rawValue) ? listed : nil
    }

    fileprivate func problem(withDeletionOf id: Name) -> ErrorCode? {
        if let group = groups.consumer[id] { return group.members.isEmpty ? nil : .nonEmptyGroup }
        guard let group = groups.classic[id], group.state != .dead else { return .groupIDNotFound }
        return group.state == .empty ? nil : .nonEmptyGroup
    }

    /// Takes a group without members and offsets back.
    mutating func remove(_ id: Name) {
        let pending = groups.classic[id]?.pendingJoins ?? []
        emit(.classicGroup(ClassicGroup.key(id), nil))
        forget(id, members: pending)
    }
}
