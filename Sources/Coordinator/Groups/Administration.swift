// What operators ask about groups: describe, list, delete.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Describes a classic group; an unknown one, or one of another kind, is dead.
    func describe(_ id: Name) -> DescribeGroupsResponse.DescribedGroup {
        var answer = DescribeGroupsResponse.DescribedGroup()
        answer.groupID = id
        guard let group = groups.classic[id] else {
            answer.groupState = ClassicGroupState.dead.rawValue
            answer.errorCode = ErrorCode.groupIDNotFound.rawValue
            answer.errorMessage = ErrorText.cut(
                groups.kind(of: id) == nil
                    ? "Group \(id) not found." : "Group \(id) is not a classic group.")
            return answer
        }
        answer.groupState = group.state.rawValue
        answer.protocolType = group.protocolType ?? ""
        // Between generations there is no protocol that all members agree on.
        let isStable = group.state == .stable
        if isStable { answer.protocolData = group.protocolName ?? "" }
        answer.members = group.membersInOrder.map { member in
            var described = DescribeGroupsResponse.DescribedGroupMember()
            described.memberID = member.id
            described.groupInstanceID = member.instanceID
            described.clientID = member.client.id
            described.clientHost = member.client.host
            if isStable {
                described.memberMetadata = group.protocolName.map { member.metadata(for: $0) } ?? []
            }
            described.memberAssignment = member.assignment
            return described
        }
        return answer
    }

    /// The groups that the filter shows.
    func list(_ filter: GroupFilter) -> [ListGroupsResponse.ListedGroup] {
        (listClassic(filter) + listConsumers(filter)).sorted { $0.groupID < $1.groupID }
    }

    private func listConsumers(_ filter: GroupFilter) -> [ListGroupsResponse.ListedGroup] {
        groups.consumer.values.compactMap { group in
            guard filter.shows(state: group.state.rawValue, type: GroupKind.consumer.rawValue) else {
                return nil
            }
            var answer = ListGroupsResponse.ListedGroup()
            answer.groupID = group.id
            answer.protocolType = ClassicGroup.consumerProtocolType
            answer.groupState = group.state.rawValue
            answer.groupType = GroupKind.consumer.rawValue
            return answer
        }
    }

    private func listClassic(_ filter: GroupFilter) -> [ListGroupsResponse.ListedGroup] {
        groups.classic.values.compactMap { group in
            let kind = GroupKind.classic.rawValue
            guard filter.shows(state: group.state.rawValue, type: kind) else { return nil }
            var answer = ListGroupsResponse.ListedGroup()
            answer.groupID = group.id
            answer.protocolType = group.protocolType ?? ""
            answer.groupState = group.state.rawValue
            answer.groupType = kind
            return answer
        }
    }

    /// Deletes a group that has no members, with its offsets; also one without a name, which old clients
    /// commit to.
    mutating func delete(_ id: Name) -> DeleteGroupsResponse.DeletableGroupResult {
        var answer = DeleteGroupsResponse.DeletableGroupResult()
        answer.groupID = id
        if let group = groups.consumer[id] {
            guard group.members.isEmpty else {
                answer.errorCode = ErrorCode.nonEmptyGroup.rawValue
                return answer
            }
            forgetOffsets(of: id)
            removeConsumerGroup(id)
            return answer
        }
        guard let group = groups.classic[id], group.state != .dead else {
            answer.errorCode = ErrorCode.groupIDNotFound.rawValue
            return answer
        }
        guard group.state == .empty else {
            answer.errorCode = ErrorCode.nonEmptyGroup.rawValue
            return answer
        }
        forgetOffsets(of: id)
        remove(id)
        return answer
    }

    private mutating func forgetOffsets(of id: Name) {
        for (topic, partitions) in offsets.all(of: id) {
            for partition in partitions.keys.sorted() { emit(OffsetTable.tombstone(id, topic, partition)) }
        }
    }

    /// Takes a group without members and offsets back.
    mutating func remove(_ id: Name) {
        let pending = groups.classic[id]?.pendingJoins ?? []
        emit(.classicGroup(ClassicGroup.key(id), nil))
        forget(id, members: pending)
    }
}
