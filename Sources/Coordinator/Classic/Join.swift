// JoinGroup: who comes in, and when a round begins and ends.
package import Base
package import Protocol

/// A JoinGroup with all that belongs to it.
struct JoinAttempt: Sendable {
    let request: JoinGroupRequest
    let version: Int16
    let client: GroupClient
    let freshID: UUID
    let token: ReplyToken

    init(
        _ request: JoinGroupRequest, _ version: Int16, _ client: GroupClient, _ freshID: UUID,
        _ token: ReplyToken
    ) {
        self.request = request
        self.version = version
        self.client = client
        self.freshID = freshID
        self.token = token
    }

    var groupID: Name { request.groupID }
    /// The first version in which a member without an id is sent away with one (KIP-394).
    private static let memberIDRequiredFrom: Int16 = 4
    /// The first version whose leader can be told to leave the assignment as it is (KIP-814).
    private static let skipsAssignmentFrom: Int16 = 9

    var needsKnownID: Bool { version >= Self.memberIDRequiredFrom && request.groupInstanceID == nil }
    var canSkipAssignment: Bool { version >= Self.skipsAssignmentFrom }
    var rebalanceTimeoutMilliseconds: Int32 {
        // The first version has only one timeout.
        version == 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs
    }
    /// Why the client says it joins, for the journal.
    var reason: String { request.reason.map { $0.isEmpty ? "not provided" : $0 } ?? "not provided" }

    /// A new id, which begins with what an operator knows.
    var newMemberID: Name { "\(request.groupInstanceID ?? client.id)-\(freshID.hexText)" }

    func member(_ id: Name) -> ClassicMember {
        ClassicMember(
            id: id, instanceID: request.groupInstanceID, client: client,
            rebalanceTimeoutMilliseconds: rebalanceTimeoutMilliseconds,
            sessionTimeoutMilliseconds: request.sessionTimeoutMs, protocols: request.protocols, isNew: true,
            awaitingJoin: token)
    }
}

extension GroupCoordinator {
    /// Serves a JoinGroup, in Kafka's order of checks.
    mutating func join(_ attempt: JoinAttempt) {
        let request = attempt.request
        let allowed =
            settings
            .sessionTimeoutMinMilliseconds...max(
                settings.sessionTimeoutMinMilliseconds, settings.sessionTimeoutMaxMilliseconds)
        guard !attempt.groupID.isEmpty else { return refuse(attempt, .invalidGroupID, request.memberID) }
        guard allowed.contains(request.sessionTimeoutMs) else {
            return refuse(attempt, .invalidSessionTimeout, request.memberID)
        }
        let metadataBytes = request.protocols.reduce(0) { $0 + $1.metadata.count + $1.name.utf8.count }
        guard metadataBytes <= GroupSettings.memberMetadataBytesMax else {
            return refuse(attempt, .invalidRequest, request.memberID)
        }
        if let group = groups.consumer[attempt.groupID] {
            guard group.members.isEmpty else { return joinConsumer(attempt) }
            // Without members it is free to become a group of the other kind.
            for record in group.tombstones { emit(record) }
        }
        let isNewcomer = request.memberID.isEmpty
        if groups.kind(of: attempt.groupID) == nil {
            guard isNewcomer else { return refuse(attempt, .unknownMemberID, request.memberID) }
            // As Kafka does: the group is there from now on, whatever becomes of this member.
            let empty = ClassicGroup(id: attempt.groupID).emptyValue(at: now.wall)
            emit(.classicGroup(ClassicGroup.key(attempt.groupID), empty))
        }
        guard hasRoom(for: attempt) else {
            refuse(attempt, .groupMaxSizeReached, "")
            drop(request.memberID, from: attempt.groupID)
            // The others need not wait for it.
            return completeIfAllJoined(attempt.groupID)
        }
        if isNewcomer { joinNew(attempt) } else { joinKnown(attempt) }
    }

    private func hasRoom(for attempt: JoinAttempt) -> Bool {
        guard let group = groups.classic[attempt.groupID] else { return true }
        let memberID = attempt.request.memberID
        switch group.state {
        case .empty, .dead: return true
        case .preparingRebalance:
            return group.members[memberID]?.awaitingJoin != nil
                || group.awaitingJoinCount < settings.membersMax
        case .completingRebalance, .stable:
            return group.members[memberID] != nil || group.members.count < settings.membersMax
        }
    }

    private mutating func joinNew(_ attempt: JoinAttempt) {
        let (id, request) = (attempt.groupID, attempt.request)
        guard self[classic: id].supports(type: request.protocolType, request.protocols) else {
            return refuse(attempt, .inconsistentGroupProtocol, "")
        }
        let memberID = attempt.newMemberID
        if let instance = request.groupInstanceID {
            if let former = self[classic: id].staticMembers[instance] {
                replace(former, by: memberID, attempt)
            } else {
                add(memberID, attempt)
            }
        } else if attempt.needsKnownID {
            guard self[classic: id].pendingJoins.count < GroupSettings.pendingJoinsMax else {
                return refuse(attempt, .groupMaxSizeReached, "")
            }
            self[classic: id].pendingJoins.insert(memberID)
            deadlines.set(
                .session(group: id, member: memberID), at: now.after(milliseconds: request.sessionTimeoutMs))
            refuse(attempt, .memberIDRequired, memberID)
        } else {
            add(memberID, attempt)
        }
    }

    private mutating func joinKnown(_ attempt: JoinAttempt) {
        let (id, request) = (attempt.groupID, attempt.request)
        let memberID = request.memberID
        guard self[classic: id].supports(type: request.protocolType, request.protocols) else {
            return refuse(attempt, .inconsistentGroupProtocol, memberID)
        }
        if self[classic: id].pendingJoins.contains(memberID) {
            // An id is given out in advance to dynamic members only.
            guard request.groupInstanceID == nil else {
                return refuse(attempt, .unknownMemberID, memberID)
            }
            return add(memberID, attempt)
        }
        if let problem = self[classic: id].problem(
            withMember: memberID, instanceID: request.groupInstanceID)
        {
            return refuse(attempt, problem, memberID)
        }
        guard let member = self[classic: id].members[memberID] else { return }
        let hasChanged = !member.matches(request.protocols)
        let isLeader = self[classic: id].leaderID == memberID
        switch self[classic: id].state {
        case .preparingRebalance: rejoin(attempt, "\(memberID) joins again")
        case .completingRebalance where hasChanged, .stable where !isLeader && hasChanged:
            rejoin(attempt, "\(memberID) changed its protocols or subscription: \(attempt.reason)")
        case .stable where isLeader: rejoin(attempt, "the leader \(memberID) asks for it: \(attempt.reason)")
        case .completingRebalance, .stable:
            // It may not have got the answer to its first join, or wants to know whether anything changed.
            reply(to: memberID, id, attempt.token)
        case .empty, .dead: refuse(attempt, .unknownMemberID, memberID)
        }
    }

    private mutating func add(_ memberID: Name, _ attempt: JoinAttempt) {
        let (id, request) = (attempt.groupID, attempt.request)
        if self[classic: id].state == .preparingRebalance {
            self[classic: id].initialDelay?.hasNewMember = true
        }
        self[classic: id].add(attempt.member(memberID), protocolType: request.protocolType)
        note(id, .joined(member: memberID, client: attempt.client))
        // It cannot send heartbeats yet, and a client that is gone is not noticed while it waits.
        deadlines.set(
            .session(group: id, member: memberID),
            at: now.after(milliseconds: GroupSettings.newMemberJoinTimeoutMilliseconds))
        rebalanceOrGoOn(id, "\(memberID) joined: \(attempt.reason)")
    }

    private mutating func rejoin(_ attempt: JoinAttempt, _ reason: String) {
        update(attempt.request.memberID, attempt)
        rebalanceOrGoOn(attempt.groupID, reason)
    }

    /// Takes over what a member says this time, and lets it wait.
    private mutating func update(_ memberID: Name, _ attempt: JoinAttempt) {
        let superseded = self[classic: attempt.groupID].members[memberID]?.awaitingJoin
        self[classic: attempt.groupID].update(memberID) { member in
            member.protocols = attempt.request.protocols
            member.rebalanceTimeoutMilliseconds = attempt.rebalanceTimeoutMilliseconds
            member.sessionTimeoutMilliseconds = attempt.request.sessionTimeoutMs
            member.awaitingJoin = attempt.token
        }
        // Only its last join is answered with the round; the client has given up the one before.
        if let superseded { refuseJoin(superseded, .rebalanceInProgress, memberID) }
    }
}

// MARK: - Static members

extension GroupCoordinator {
    /// A static member came back without its id (KIP-345): it takes its former place under a new one, and
    /// what the former one waited for is fenced.
    private mutating func replace(_ formerID: Name, by memberID: Name, _ attempt: JoinAttempt) {
        let id = attempt.groupID
        let formerLeader = self[classic: id].leaderID
        let waits = self[classic: id].replaceStatic(formerID, by: memberID)
        if let token = waits.join { refuseJoin(token, .fencedInstanceID, formerID) }
        if let token = waits.sync { refuseSync(token, .fencedInstanceID) }
        deadlines.cancel(.session(group: id, member: formerID))
        note(id, .returned(instance: attempt.request.groupInstanceID ?? "", member: memberID))
        update(memberID, attempt)
        restartSession(of: memberID, in: id)
        switch self[classic: id].state {
        case .stable:
            guard self[classic: id].electedProtocol() == self[classic: id].protocolName else {
                return rebalanceOrGoOn(id, "\(memberID) came back with another protocol: \(attempt.reason)")
            }
            goOn(with: memberID, attempt, formerLeader: formerLeader)
        case .completingRebalance:
            // The leader may already assign to the former id, so that the new one would get nothing.
            beginRebalance(id, "\(memberID) came back while assignments were made: \(attempt.reason)")
        case .preparingRebalance: completeIfAllJoined(id)
        case .empty, .dead: preconditionFailure("a group without members had the static member \(formerID)")
        }
    }

    /// Lets a static member go on with the assignment that it had, without a rebalance.
    private mutating func goOn(with memberID: Name, _ attempt: JoinAttempt, formerLeader: Name?) {
        let id = attempt.groupID
        self[classic: id].update(memberID) {
            $0.awaitingJoin = nil
            $0.isNew = false
        }
        let assignments = self[classic: id].members.mapValues(\.assignment)
        emit(.classicGroup(ClassicGroup.key(id), self[classic: id].value(assignments: assignments)))
        let group = self[classic: id]
        let isLeader = group.leaderID == memberID
        var response = joinResponse(for: memberID, in: group)
        if attempt.canSkipAssignment {
            response.skipAssignment = isLeader
            response.members = isLeader ? group.joinedMembers : []
        } else {
            // An older client that finds itself to be the leader would assign anew: it is told of the former.
            response.members = []
            response.leader = formerLeader ?? ""
        }
        decision.reply(.join(response), to: attempt.token)
    }
}

// MARK: - Replies

extension GroupCoordinator {
    private mutating func refuse(_ attempt: JoinAttempt, _ code: ErrorCode, _ memberID: Name) {
        refuseJoin(attempt.token, code, memberID)
    }

    /// Answers a JoinGroup with an error.
    mutating func refuseJoin(_ token: ReplyToken, _ code: ErrorCode, _ memberID: Name) {
        decision.reply(.join(.refusal(code, memberID: memberID)), to: token)
    }

    /// Tells a member of the generation that stands.
    mutating func reply(to memberID: Name, _ id: Name, _ token: ReplyToken) {
        decision.reply(.join(joinResponse(for: memberID, in: self[classic: id])), to: token)
    }

    private func joinResponse(for memberID: Name, in group: ClassicGroup) -> JoinGroupResponse {
        var response = JoinGroupResponse()
        response.generationID = group.generation
        response.protocolType = group.protocolType
        response.protocolName = group.protocolName
        response.leader = group.leaderID ?? ""
        response.memberID = memberID
        // In a round that is complete only the leader has use for the others; in a stable group it is a
        // follower that asks.
        if group.leaderID == memberID, group.state == .completingRebalance {
            response.members = group.joinedMembers
        }
        return response
    }
}

extension JoinGroupResponse {
    /// A reply that says what is wrong.
    package static func refusal(_ code: ErrorCode, memberID: Name) -> JoinGroupResponse {
        var response = JoinGroupResponse()
        response.errorCode = code.rawValue
        response.memberID = memberID
        response.protocolName = nil
        return response
    }
}

extension ClassicGroup {
    /// The members as the leader is told of them, with what they say to the elected protocol.
    var joinedMembers: [JoinGroupResponse.JoinGroupResponseMember] {
        membersInOrder.map { member in
            var answer = JoinGroupResponse.JoinGroupResponseMember()
            answer.memberID = member.id
            answer.groupInstanceID = member.instanceID
            answer.metadata = protocolName.map { member.metadata(for: $0) } ?? []
            return answer
        }
    }
}
