/// DescribeGroups (key 15, v0–6): state and members of classic groups. v1 throttle time · v3 authorized
/// operations · v4 static members · v5 flexible · v6 unknown groups are an error (KIP-1043).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum DescribeGroupsHandler: RequestHandler {
    typealias Request = DescribeGroupsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        context.describedBytes(request.groups, limitBytes)
    }

    typealias Group = DescribeGroupsResponse.DescribedGroup
    /// Before this version an unknown group is dead, and no error.
    private static let unknownIsErrorFrom: Int16 = 6

    static func handle(_ request: DescribeGroupsRequest, _ context: RequestContext) -> Outcome<
        DescribeGroupsResponse
    > {
        context.askEach(request.groups, .describe, refusal: failure) {
            .describe($0)
        } read: { reply in
            if case .describe(let group) = reply { group.response } else { nil }
        } then: { groups in
            var response = DescribeGroupsResponse()
            response.groups = groups.map { finished($0, request, context) }
            return response
        }
    }

    private static func finished(
        _ group: Group, _ request: DescribeGroupsRequest, _ context: RequestContext
    ) -> Group {
        var group = group
        if context.version < unknownIsErrorFrom, group.errorCode == ErrorCode.groupIDNotFound.rawValue {
            group.errorCode = ErrorCode.none.rawValue
        }
        if request.includeAuthorizedOperations, group.errorCode == ErrorCode.none.rawValue {
            group.authorizedOperations = context.operationBits(.group(group.groupID))
        }
        return group
    }

    private static func failure(_ code: ErrorCode, _ id: Name) -> Group {
        var group = Group()
        group.groupID = id
        group.errorCode = code.rawValue
        return group
    }
}
