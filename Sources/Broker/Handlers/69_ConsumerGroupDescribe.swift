/// ConsumerGroupDescribe (key 69, v0–1): state and members of consumer groups (KIP-848). v1 tells which
/// protocol a member speaks (KIP-1099).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum ConsumerGroupDescribeHandler: RequestHandler {
    typealias Request = ConsumerGroupDescribeRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        context.describedBytes(request.groupIDs, limitBytes)
    }

    typealias Group = ConsumerGroupDescribeResponse.DescribedGroup

    static func handle(
        _ request: ConsumerGroupDescribeRequest, _ context: RequestContext
    ) -> Outcome<ConsumerGroupDescribeResponse> {
        context.askEach(
            request.groupIDs, .describe, refusal: failure, check: { $0.isEmpty ? .invalidGroupID : nil }
        ) {
            .describeConsumers($0)
        } read: { reply in
            if case .describeConsumers(let group) = reply { group.response } else { nil }
        } then: { groups in
            var response = ConsumerGroupDescribeResponse()
            response.groups = groups.map { finished($0, request, context) }
            return response
        }
    }

    private static func finished(
        _ group: Group, _ request: ConsumerGroupDescribeRequest, _ context: RequestContext
    ) -> Group {
        guard mayBeTold(of: group, context) else {
            var refused = failure(.topicAuthorizationFailed, group.groupID)
            refused.errorMessage = "The group reads topics that the sender may not describe."
            return refused
        }
        var group = group
        if request.includeAuthorizedOperations, group.errorCode == ErrorCode.none.rawValue {
            group.authorizedOperations = context.operationBits(.group(group.groupID))
        }
        return group
    }

    /// Whether the sender may see every topic of which a member has partitions, or is to have.
    private static func mayBeTold(of group: Group, _ context: RequestContext) -> Bool {
        var topics: Set<Name> = []
        for member in group.members {
            for assignment in [member.assignment, member.targetAssignment] {
                topics.formUnion(assignment.topicPartitions.lazy.map(\.topicName))
            }
        }
        return topics.allSatisfy { context.authorize(.describe, .topic($0)) }
    }

    private static func failure(_ code: ErrorCode, _ id: Name) -> Group {
        var group = Group()
        group.groupID = id
        group.errorCode = code.rawValue
        return group
    }
}
