/// DescribeGroups (key 15, v0–6): state and members of classic groups. v1 throttle time · v3 authorized
/// operations · v4 static members · v5 flexible · v6 unknown groups are an error (KIP-1043).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum DescribeGroupsHandler {
    typealias Group = DescribeGroupsResponse.DescribedGroup
    /// Before this version an unknown group is dead, and no error.
    private static let unknownIsErrorFrom: Int16 = 6

    static func handle(_ request: DescribeGroupsRequest, _ context: RequestContext) -> Outcome<
        DescribeGroupsResponse
    > {
        let reply = Deferred<DescribeGroupsResponse>()
        let gathering = Gathering<Group>(count: request.groups.count) { groups in
            var response = DescribeGroupsResponse()
            response.throttleTimeMs = context.throttleMilliseconds
            response.groups = groups
            reply.complete(response)
        }
        for (index, id) in request.groups.enumerated() {
            guard context.authorize(.describe, .group(id)) else {
                gathering.add(failure(.groupAuthorizationFailed, id), at: index)
                continue
            }
            context.ask(id, .describe([id])) { answer in
                let described = answer.read { reply in
                    guard case .describe(let groups) = reply else { return nil as Group? }
                    return groups.first
                } _: { code in
                    failure(code, id)
                }
                gathering.add(finished(described, request, context), at: index)
            }
        }
        return .later(reply)
    }

    private static func finished(
        _ group: Group, _ request: DescribeGroupsRequest, _ context: RequestContext
    ) -> Group {
        var group = group
        if context.version < unknownIsErrorFrom, group.errorCode == ErrorCode.groupIDNotFound.rawValue {
            group.errorCode = ErrorCode.none.rawValue
        }
        if request.includeAuthorizedOperations, group.errorCode == ErrorCode.none.rawValue {
            group.authorizedOperations = Resource.group(group.groupID).operationBits
        }
        return group
    }

    private static func failure(_ code: ErrorCode, _ id: String) -> Group {
        var group = Group()
        group.groupID = id
        group.errorCode = code.rawValue
        return group
    }
}
