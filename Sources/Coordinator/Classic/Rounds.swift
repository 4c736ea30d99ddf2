// Rounds of a classic group: members are called together, the round ends when all are there or the time is
// up, the leader assigns, and who falls silent starts the next one.
internal import Base
internal import Protocol

// MARK: - Beginning

extension GroupCoordinator {
    /// Begins a round if the group is not in one; else sees whether this was the last member missing.
    mutating func rebalanceOrGoOn(_ id: Name, _ reason: String) {
        if self[classic: id].state.canRebalance {
            beginRebalance(id, reason)
        } else {
            completeIfAllJoined(id)
        }
    }

    /// Calls all members together.
    mutating func beginRebalance(_ id: Name, _ reason: String) {
        // Who waits for an assignment of the generation that ends is told to join again.
        if self[classic: id].state == .completingRebalance {
            refuseSyncs(id, .rebalanceInProgress)
            self[classic: id].forgetAssignments()
        }
        self[classic: id].pendingSyncs = []
        deadlines.cancel(.sync(group: id))
        let isFirst = self[classic: id].state == .empty
        self[classic: id].transition(to: .preparingRebalance, at: now.wall)
        note(id, .rebalanceBegan(reason: reason))
        journals[id]?.roundBegan = now.wall
        guard isFirst else {
            completeIfAllJoined(id)
            if self[classic: id].state == .preparingRebalance {
                setJoinDeadline(id, after: self[classic: id].rebalanceTimeoutMilliseconds)
            }
            return
        }
        let delay = settings.initialRebalanceDelayMilliseconds
        guard delay > 0 else { return completeRound(id) }
        let remaining = max(0, self[classic: id].rebalanceTimeoutMilliseconds - delay)
        self[classic: id].initialDelay = .init(delayMilliseconds: delay, remainingMilliseconds: remaining)
        setJoinDeadline(id, after: delay)
    }

    private mutating func setJoinDeadline(_ id: Name, after milliseconds: Int32) {
        deadlines.set(.join(group: id), at: now.after(milliseconds: milliseconds))
    }

    /// Ends the round if everyone is there.
    mutating func completeIfAllJoined(_ id: Name) {
        let group = self[classic: id]
        guard group.state == .preparingRebalance, group.haveAllJoined, group.initialDelay == nil else {
            return
        }
        completeRound(id)
    }

    /// The time for joining is over, or the first round was put off long enough.
    mutating func joinTimeEnded(_ id: Name) {
        guard groups.classic[id]?.state == .preparingRebalance else { return }
        guard var delay = self[classic: id].initialDelay, delay.hasNewMember, delay.remainingMilliseconds > 0
        else { return completeRound(id) }
        // Members still come: they are waited for as long as the longest rebalance timeout allows (KIP-134).
        let next = min(settings.initialRebalanceDelayMilliseconds, delay.remainingMilliseconds)
        delay.remainingMilliseconds = max(0, delay.remainingMilliseconds - delay.delayMilliseconds)
        delay.delayMilliseconds = next
        delay.hasNewMember = false
        self[classic: id].initialDelay = delay
        setJoinDeadline(id, after: next)
    }
}

// MARK: - Ending

extension GroupCoordinator {
    /// Begins the next generation with those who are there.
    mutating func completeRound(_ id: Name) {
        deadlines.cancel(.join(group: id))
        self[classic: id].initialDelay = nil
        // Static members keep their place until their session ends (KIP-345).
        let missing = self[classic: id].membersInOrder.filter {
            $0.awaitingJoin == nil && $0.instanceID == nil
        }
        for member in missing {
            self[classic: id].remove(member.id)
            deadlines.cancel(.session(group: id, member: member.id))
            note(id, .missedRound(member: member.id))
        }
        guard !self[classic: id].members.isEmpty else { return becomeEmpty(id) }
        guard electJoinedLeader(id) else {
            // Only static members, and none of them is back: they have until their sessions end. Kafka waits
            // for as long as they ask for, which may be no time at all.
            let timeout = self[classic: id].rebalanceTimeoutMilliseconds
            return setJoinDeadline(id, after: max(timeout, GroupSettings.emptyRoundMinMilliseconds))
        }
        self[classic: id].beginGeneration(at: now.wall)
        self[classic: id].pendingSyncs = Set(self[classic: id].members.keys)
        let members = self[classic: id].membersInOrder
        for member in members {
            if let token = member.awaitingJoin { reply(to: member.id, id, token) }
        }
        for member in members {
            self[classic: id].update(member.id) {
                $0.awaitingJoin = nil
                $0.isNew = false
            }
            restartSession(of: member.id, in: id)
        }
        deadlines.set(
            .sync(group: id), at: now.after(milliseconds: self[classic: id].rebalanceTimeoutMilliseconds))
    }

    private mutating func becomeEmpty(_ id: Name) {
        self[classic: id].beginGeneration(at: now.wall)
        let value = self[classic: id].emptyValue(at: now.wall)
        emit(.classicGroup(ClassicGroup.key(id), value))
        note(id, .emptied(generation: value.generation))
    }

    /// Sees to it that the leader is one of those who joined; false if nobody did.
    private mutating func electJoinedLeader(_ id: Name) -> Bool {
        let group = self[classic: id]
        if let leader = group.leaderID, group.members[leader]?.awaitingJoin != nil { return true }
        guard let joined = group.membersInOrder.first(where: { $0.awaitingJoin != nil }) else { return false }
        self[classic: id].leaderID = joined.id
        return true
    }

    /// Whoever did not ask for an assignment in time is removed, which takes another round.
    mutating func syncTimeEnded(_ id: Name) {
        guard let group = groups.classic[id], group.state == .completingRebalance || group.state == .stable,
            !group.pendingSyncs.isEmpty
        else { return }
        let missing = group.pendingSyncs.sorted()
        for member in missing {
            self[classic: id].remove(member)
            deadlines.cancel(.session(group: id, member: member))
            note(id, .missedRound(member: member))
        }
        beginRebalance(id, "\(missing.joined(separator: ", ")) did not ask for an assignment in time")
    }
}

// MARK: - Sessions

extension GroupCoordinator {
    /// A member was heard of: its session begins anew.
    mutating func restartSession(of memberID: Name, in id: Name) {
        guard let member = groups.classic[id]?.members[memberID] else { return }
        deadlines.set(
            .session(group: id, member: memberID),
            at: now.after(milliseconds: member.sessionTimeoutMilliseconds))
    }

    /// A member was silent for too long.
    mutating func sessionEnded(of memberID: Name, in id: Name) {
        guard let group = groups.classic[id] else { return }
        if group.pendingJoins.contains(memberID) {
            self[classic: id].remove(memberID)
            return completeIfAllJoined(id)
        }
        guard let member = group.members[memberID], !member.isExcusedFromHeartbeats else { return }
        note(id, .timedOut(member: memberID, milliseconds: member.sessionTimeoutMilliseconds))
        drop(memberID, from: id)
        afterDeparture(id, "\(memberID) was silent for \(member.sessionTimeoutMilliseconds) ms")
    }

    /// Removes a member; what it waits for is answered, so that a client that is still there asks again.
    mutating func drop(_ memberID: Name, from id: Name) {
        deadlines.cancel(.session(group: id, member: memberID))
        guard let member = self[classic: id].remove(memberID) else { return }
        if let token = member.awaitingJoin { refuseJoin(token, .unknownMemberID, "") }
        if let token = member.awaitingSync { refuseSync(token, .unknownMemberID) }
    }

    /// Goes on without members that are gone.
    mutating func afterDeparture(_ id: Name, _ reason: String) {
        switch self[classic: id].state {
        case .stable, .completingRebalance: rebalanceOrGoOn(id, reason)
        case .preparingRebalance: completeIfAllJoined(id)
        case .empty, .dead: break
        }
    }

    /// Lets a group live again that was read from the log.
    mutating func resume(_ id: Name) {
        let group = self[classic: id]
        guard !group.members.isEmpty else { return }
        note(id, .loaded(members: group.members.count))
        for member in group.membersInOrder { restartSession(of: member.id, in: id) }
        if group.members.count > settings.membersMax {
            beginRebalance(id, "the group has more than group.max.size members")
        }
    }
}
