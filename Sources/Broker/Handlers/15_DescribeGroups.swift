/// DescribeGroups (key 15, v0–6): state and members of classic groups. v1 throttle time · v3 authorized
/// operations · v4 static members · v5 flexible · v6 unknown groups are an error (KIP-1043).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

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
        let reply = context.administration.describeGroups(
            request.groups, denial: context.groupDenial(.describe),
            answer: { results in
                var response = DescribeGroupsResponse()
                response.groups = zip(request.groups, results).map {
                    finished(group($0, $1), request, context)
                }
                return response
            })
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
            group.authorizedOperations = context.operationBits(.group(group.groupID))
        }
        return group
    }

    private static func group(_ id: Name, _ result: Result<DescribedGroup, Refusal>) -> Group {
        var group = Group()
        group.groupID = id
        switch result {
        case .success(let described):
            group.groupState = described.state.rawValue
            group.protocolType = described.protocolType
            group.protocolData = described.protocolName
            group.members = described.members.map { described in
                var member = DescribeGroupsResponse.DescribedGroupMember()
                member.memberID = described.id
                member.groupInstanceID = described.instanceID
                member.clientID = described.client.id
                member.clientHost = described.client.host
                member.memberMetadata = described.metadata
                member.memberAssignment = described.assignment
                return member
            }
        case .failure(let refusal):
            group.errorCode = refusal.code.rawValue
            group.errorMessage = refusal.message
            // What is not there is dead.
            if refusal.code == .groupIDNotFound { group.groupState = ClassicGroupState.dead.rawValue }
        }
        return group
    }
}
