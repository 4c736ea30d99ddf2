/// LeaveGroup (key 13, v0–5): members leave a classic group. v1 throttle time · v3 many members, also by
/// instance id · v4 flexible · v5 reasons (KIP-800).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum LeaveGroupHandler: RequestHandler {
    typealias Request = LeaveGroupRequest
    static let effect = RequestEffect.immediate
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.members, limitBytes) {
            $0.memberID.utf8.count + ($0.groupInstanceID?.utf8.count ?? 0) + 2 * EntryBytes.code
        }
    }

    /// The first version that names many members.
    private static let manyMembersFrom: Int16 = 3

    static func handle(_ request: LeaveGroupRequest, _ context: RequestContext) -> Outcome<LeaveGroupResponse>
    {
        guard context.authorize(.read, .group(request.groupID)) else {
            return .now(failure(.groupAuthorizationFailed))
        }
        var asked = request
        if context.version < manyMembersFrom {
            var only = LeaveGroupRequest.MemberIdentity()
            only.memberID = request.memberID
            asked.members = [only]
        }
        return context.ask(request.groupID, .leave(asked)) { reply in
            guard case .leave(var response) = reply else { return nil }
            if context.version < manyMembersFrom, response.errorCode == 0 {
                response.errorCode = response.members.first?.errorCode ?? 0
            }
            return response
        } refusal: { code in
            failure(code)
        }
    }

    private static func failure(_ code: ErrorCode) -> LeaveGroupResponse {
        var response = LeaveGroupResponse()
        response.errorCode = code.rawValue
        return response
    }
}
