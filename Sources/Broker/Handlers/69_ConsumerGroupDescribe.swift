/// ConsumerGroupDescribe (key 69, v0–1): state and members of consumer groups (KIP-848). v1 tells which
/// protocol a member speaks (KIP-1099).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

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
        guard context.broker.catalog.servesConsumerGroups else {
            var response = ConsumerGroupDescribeResponse()
            response.groups = request.groupIDs.map { failure(Refusal(.unsupportedVersion), $0) }
            return .now(response)
        }
        let reply = context.administration.describeConsumerGroups(
            request.groupIDs, denial: context.groupDenial(.describe),
            answer: { results in
                var response = ConsumerGroupDescribeResponse()
                response.groups = zip(request.groupIDs, results).map { group($0, $1, request, context) }
                return response
            })
        return .later(reply)
    }

    private static func group(
        _ id: Name, _ result: Result<DescribedConsumerGroup, Refusal>,
        _ request: ConsumerGroupDescribeRequest, _ context: RequestContext
    ) -> Group {
        switch result {
        case .failure(let refusal): return failure(refusal, id)
        case .success(let described):
            guard mayBeTold(of: described, context) else {
                let reason = "The group reads topics that the sender may not describe."
                return failure(Refusal(code: .topicAuthorizationFailed, message: reason), id)
            }
            var group = Group(described)
            if request.includeAuthorizedOperations {
                group.authorizedOperations = context.operationBits(.group(id))
            }
            return group
        }
    }

    /// Whether the sender may see every topic of which a member has partitions, or is to have.
    private static func mayBeTold(of group: DescribedConsumerGroup, _ context: RequestContext) -> Bool {
        var topics: Set<Name> = []
        for member in group.members {
            for partitions in [member.assigned, member.target] {
                topics.formUnion(partitions.lazy.map(\.name))
            }
        }
        return topics.allSatisfy { context.authorize(.describe, .topic($0)) }
    }

    private static func failure(_ refusal: Refusal, _ id: Name) -> Group {
        var group = Group()
        group.groupID = id
        group.errorCode = refusal.code.rawValue
        group.errorMessage = refusal.message
        return group
    }
}

extension ConsumerGroupDescribeResponse.DescribedGroup {
    fileprivate init(_ described: DescribedConsumerGroup) {
        self.init()
        groupID = described.id
        groupState = described.state.rawValue
        groupEpoch = described.epoch
        assignmentEpoch = described.assignmentEpoch
        assignorName = described.assignor
        members = described.members.map { .init($0) }
    }
}

extension ConsumerGroupDescribeResponse.Member {
    fileprivate init(_ described: DescribedConsumerGroup.Member) {
        self.init()
        memberID = described.id
        instanceID = described.instanceID
        rackID = described.rackID
        memberEpoch = described.epoch
        clientID = described.client.id
        clientHost = described.client.host
        subscribedTopicNames = described.subscribedTopics
        subscribedTopicRegex = described.pattern
        assignment = .init(described.assigned)
        targetAssignment = .init(described.target)
        memberType = described.isClassic ? 0 : 1
    }
}

extension ConsumerGroupDescribeResponse.Assignment {
    fileprivate init(_ partitions: [DescribedConsumerGroup.TopicPartitions]) {
        self.init()
        topicPartitions = partitions.map { described in
            var entry = ConsumerGroupDescribeResponse.TopicPartitions()
            entry.topicID = described.id
            entry.topicName = described.name
            entry.partitions = described.partitions
            return entry
        }
    }
}
