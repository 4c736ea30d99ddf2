// Heartbeat: a member is alive, and hears whether it must join again.
internal import Base
internal import Protocol

extension GroupCoordinator {
    /// Serves a Heartbeat, in Kafka's order of checks.
    mutating func heartbeat(_ request: HeartbeatRequest, _ token: ReplyToken) {
        var response = HeartbeatResponse()
        response.errorCode = outcome(of: request).rawValue
        decision.reply(.heartbeat(response), to: token)
    }

    private mutating func outcome(of request: HeartbeatRequest) -> ErrorCode {
        let id = request.groupID
        guard !id.isEmpty else { return .invalidGroupID }
        if groups.consumer[id] != nil { return heartbeatConsumer(request) }
        guard let group = groups.classic[id] else { return .unknownMemberID }
        if let problem = group.problem(withMember: request.memberID, instanceID: request.groupInstanceID) {
            return problem
        }
        guard request.generationID == group.generation else { return .illegalGeneration }
        switch group.state {
        case .empty, .dead: return .unknownMemberID
        case .preparingRebalance:
            restartSession(of: request.memberID, in: id)
            return .rebalanceInProgress
        case .completingRebalance, .stable:
            // A consumer may send heartbeats as soon as its join is answered.
            restartSession(of: request.memberID, in: id)
            return .none
        }
    }
}
