// SyncGroup: the leader hands in the assignment, which is written down; then everyone gets his share.
internal import Base
package import Protocol

extension GroupCoordinator {
    /// Serves a SyncGroup, in Kafka's order of checks.
    mutating func sync(_ request: SyncGroupRequest, _ token: ReplyToken) {
        let (id, memberID) = (request.groupID, request.memberID)
        guard !id.isEmpty else { return refuseSync(token, .invalidGroupID) }
        if groups.consumer[id] != nil { return syncConsumer(request, token) }
        guard let group = groups.classic[id] else { return refuseSync(token, .unknownMemberID) }
        if let problem = group.problem(withMember: memberID, instanceID: request.groupInstanceID) {
            return refuseSync(token, problem)
        }
        guard request.generationID == group.generation else { return refuseSync(token, .illegalGeneration) }
        let isConsistent =
            (request.protocolType ?? group.protocolType) == group.protocolType
            && (request.protocolName ?? group.protocolName) == group.protocolName
        guard isConsistent else { return refuseSync(token, .inconsistentGroupProtocol) }
        switch group.state {
        case .empty, .dead: refuseSync(token, .unknownMemberID)
        case .preparingRebalance: refuseSync(token, .rebalanceInProgress)
        case .completingRebalance:
            noteSync(of: memberID, in: id)
            awaitAssignment(memberID, in: id, token)
            if self[classic: id].leaderID == memberID { adoptAssignments(request.assignments, id) }
        case .stable:
            noteSync(of: memberID, in: id)
            restartSession(of: memberID, in: id)
            answerSync(of: memberID, in: id, token)
        }
    }

    /// Lets a member wait for the leader's assignment, in its last request for it.
    private mutating func awaitAssignment(_ memberID: Name, in id: Name, _ token: ReplyToken) {
        let superseded = self[classic: id].members[memberID]?.awaitingSync
        self[classic: id].update(memberID) { $0.awaitingSync = token }
        if let superseded { refuseSync(superseded, .rebalanceInProgress) }
    }

    private mutating func noteSync(of memberID: Name, in id: Name) {
        self[classic: id].pendingSyncs.remove(memberID)
        if self[classic: id].pendingSyncs.isEmpty { deadlines.cancel(.sync(group: id)) }
    }

    /// Writes the leader's assignment down; who is not in it gets an empty one.
    private mutating func adoptAssignments(
        _ assignments: [SyncGroupRequest.SyncGroupRequestAssignment], _ id: Name
    ) {
        let byMember = Dictionary(
            assignments.map { ($0.memberID, $0.assignment) }, uniquingKeysWith: { _, last in last })
        let value = self[classic: id].value(assignments: byMember)
        guard value.approximateSize <= settings.recordBytesMax else {
            // As Kafka does with a record that is too large: nobody can work, and the members try again.
            refuseSyncs(id, .unknownServerError)
            return beginRebalance(id, "the assignment takes more than \(settings.recordBytesMax) bytes")
        }
        emit(.classicGroup(ClassicGroup.key(id), value))
        let began = journals[id]?.roundBegan ?? now.wall
        note(
            id,
            .generation(
                value.generation, members: value.members.count, protocolName: value.protocol ?? "",
                milliseconds: now.wall.milliseconds - began.milliseconds))
        for member in self[classic: id].membersInOrder {
            guard let token = member.awaitingSync else { continue }
            self[classic: id].update(member.id) { $0.awaitingSync = nil }
            restartSession(of: member.id, in: id)
            answerSync(of: member.id, in: id, token)
        }
    }

    private mutating func answerSync(of memberID: Name, in id: Name, _ token: ReplyToken) {
        let group = self[classic: id]
        var response = SyncGroupResponse()
        response.protocolType = group.protocolType
        response.protocolName = group.protocolName
        response.assignment = group.members[memberID]?.assignment ?? []
        decision.reply(.sync(response), to: token)
    }

    /// Answers every SyncGroup that waits with an error.
    mutating func refuseSyncs(_ id: Name, _ code: ErrorCode) {
        for member in self[classic: id].membersInOrder {
            guard let token = member.awaitingSync else { continue }
            self[classic: id].update(member.id) { $0.awaitingSync = nil }
            refuseSync(token, code)
        }
    }

    /// Answers a SyncGroup with an error.
    mutating func refuseSync(_ token: ReplyToken, _ code: ErrorCode) {
        decision.reply(.sync(.refusal(code)), to: token)
    }
}

extension SyncGroupResponse {
    /// A reply that says what is wrong.
    package static func refusal(_ code: ErrorCode) -> SyncGroupResponse {
        var response = SyncGroupResponse()
        response.errorCode = code.rawValue
        return response
    }
}

extension GroupMetadataValue {
    /// About how many bytes the record will take.
    fileprivate var approximateSize: Int {
        members.reduce(256) { size, member in
            size + 64 + member.memberID.utf8.count + member.clientID.utf8.count
                + member.subscription.count + member.assignment.count
        }
    }
}
