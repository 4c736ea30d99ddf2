// LeaveGroup: members go, or an operator removes static ones by their instance ids.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Serves a LeaveGroup of one or many members, in Kafka's order of checks.
    mutating func leave(_ request: LeaveGroupRequest, _ token: ReplyToken) {
        let id = request.groupID
        var response = LeaveGroupResponse()
        guard !id.isEmpty else {
            response.errorCode = ErrorCode.invalidGroupID.rawValue
            return decision.reply(.leave(response), to: token)
        }
        if groups.consumer[id] != nil {
            response.members = zip(request.members, leaveConsumer(request)).map { $0.answered($1) }
            return decision.reply(.leave(response), to: token)
        }
        guard groups.classic[id] != nil else {
            response.members = request.members.map { $0.answered(.unknownMemberID) }
            return decision.reply(.leave(response), to: token)
        }
        var departed: [Name] = []
        for member in request.members {
            let code = leave(member, id)
            if code == .none { departed.append(member.groupInstanceID ?? member.memberID) }
            response.members.append(member.answered(code))
        }
        decision.reply(.leave(response), to: token)
        if !departed.isEmpty { afterDeparture(id, "\(departed.joined(separator: ", ")) left") }
    }

    private mutating func leave(_ member: LeaveGroupRequest.MemberIdentity, _ id: Name) -> ErrorCode {
        let reason = member.reason.map { $0.isEmpty ? "not provided" : $0 } ?? "not provided"
        let memberID: Name
        if member.memberID.isEmpty {
            guard let instance = member.groupInstanceID,
                let known = self[classic: id].staticMembers[instance]
            else { return .unknownMemberID }
            memberID = known
        } else if self[classic: id].pendingJoins.contains(member.memberID) {
            memberID = member.memberID
        } else {
            if let problem = self[classic: id].problem(
                withMember: member.memberID, instanceID: member.groupInstanceID)
            {
                return problem
            }
            memberID = member.memberID
        }
        note(id, .left(member: memberID, reason: reason))
        drop(memberID, from: id)
        return .none
    }
}

extension LeaveGroupRequest.MemberIdentity {
    fileprivate func answered(_ code: ErrorCode) -> LeaveGroupResponse.MemberResponse {
        var response = LeaveGroupResponse.MemberResponse()
        response.memberID = memberID
        response.groupInstanceID = groupInstanceID
        response.errorCode = code.rawValue
        return response
    }
}
