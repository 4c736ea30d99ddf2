// How members of consumer groups go: by themselves, for a while (static ones), or because they were silent or
// too slow.
internal import Base
internal import Protocol

/// What a member of a consumer group is expected to do in time.
package enum ConsumerDeadline: Hashable, Sendable {
    /// To say that it is alive.
    case session
    /// To give partitions up.
    case revocation
    /// A classic member: to join again.
    case rejoin
    /// A classic member: to ask for its assignment.
    case sync

    /// Why somebody is removed who did not.
    fileprivate var omission: String {
        switch self {
        case .session: "was silent for too long"
        case .revocation: "did not give partitions up in time"
        case .rejoin: "did not join again in time"
        case .sync: "did not ask for its assignment in time"
        }
    }
}

extension GroupCoordinator {
    /// Serves a heartbeat with which a member goes, in Kafka's order of checks.
    mutating func leaveConsumer(
        _ request: ConsumerGroupHeartbeatRequest
    ) throws(GroupRefusal) -> ConsumerGroupHeartbeatResponse {
        let id = request.groupID
        guard let group = groups.consumer[id] else {
            throw GroupRefusal(
                .groupIDNotFound,
                groups.kind(of: id) == nil ? "Group \(id) not found." : "Group \(id) is not a consumer group."
            )
        }
        var response = ConsumerGroupHeartbeatResponse()
        response.memberID = request.memberID
        response.memberEpoch = request.memberEpoch
        guard let instanceID = request.instanceID else {
            guard group.members[request.memberID] != nil else { throw group.unknownMember(request.memberID) }
            note(id, .left(member: request.memberID, reason: "it said so"))
            fence([request.memberID], of: id, "\(request.memberID) left")
            return response
        }
        var member = try group.member(request.memberID, ofInstance: instanceID)
        guard request.memberEpoch == ConsumerMember.awayEpoch else {
            note(id, .left(member: member.id, reason: "it said so"))
            fence([member.id], of: id, "\(member.id) left")
            return response
        }
        // It keeps what it has until it comes back, or its session ends.
        member.epoch = ConsumerMember.awayEpoch
        member.pendingRevocation = [:]
        emit(member.currentRecord(of: id))
        note(id, .left(member: member.id, reason: "it will be back"))
        return response
    }

    /// Removes members; the group becomes classic if all that are left are.
    mutating func fence(_ memberIDs: Set<Name>, of id: Name, _ reason: String) {
        guard !memberIDs.isEmpty else { return }
        if canBecomeClassic(id, without: memberIDs) { return becomeClassic(id, without: memberIDs, reason) }
        for memberID in memberIDs.sorted() {
            removeConsumer(memberID, from: id)
            cancelConsumerDeadlines(of: memberID, in: id)
        }
        forgetPatterns(in: id)
        raiseEpoch(of: id, MetadataHash.group(self[consumer: id].subscribedTopics, topics), reason)
        groups.consumer[id]?.topicsSeen = topics.version
        if self[consumer: id].members.isEmpty { note(id, .emptied(generation: self[consumer: id].epoch)) }
    }

    /// Writes down that a member is no more; readers rely on this order.
    mutating func removeConsumer(_ memberID: Name, from id: Name) {
        emit(.consumerCurrent(.init(id, memberID), nil))
        emit(.consumerTargetMember(.init(id, memberID), nil))
        emit(.consumerMember(.init(id, memberID), nil))
    }

    /// A member was heard of: its session begins anew.
    mutating func restartConsumerSession(of memberID: Name, in id: Name) {
        guard let member = groups.consumer[id]?.members[memberID] else { return }
        let timeout =
            member.classic?.sessionTimeoutMilliseconds ?? configuration(of: id).sessionTimeoutMilliseconds
        deadlines.set(
            .consumer(.session, group: id, member: memberID), at: now.after(milliseconds: timeout))
    }

    /// A member did not do in time what it should have.
    mutating func consumerDeadlineReached(_ deadline: ConsumerDeadline, of memberID: Name, in id: Name) {
        guard groups.consumer[id]?.members[memberID] != nil else { return }
        note(id, .left(member: memberID, reason: "it \(deadline.omission)"))
        fence([memberID], of: id, "\(memberID) \(deadline.omission)")
    }

    /// Nothing is expected of a member any more.
    mutating func cancelConsumerDeadlines(of memberID: Name, in id: Name) {
        for deadline in [ConsumerDeadline.session, .revocation, .rejoin, .sync] {
            deadlines.cancel(.consumer(deadline, group: id, member: memberID))
        }
    }

    /// Lets a consumer group live again that was read from the log.
    mutating func resumeConsumer(_ id: Name) {
        let members = self[consumer: id].members
        guard !members.isEmpty else { return }
        note(id, .loaded(members: members.count))
        for member in members.values.sorted(by: { $0.id < $1.id }) {
            restartConsumerSession(of: member.id, in: id)
            if member.state == .unrevokedPartitions, member.classic == nil {
                deadlines.set(
                    .consumer(.revocation, group: id, member: member.id),
                    at: now.after(milliseconds: member.rebalanceTimeoutMilliseconds))
            }
        }
    }
}
