/// ConsumerGroupDescribe (key 69, v0–1): state and members of consumer groups (KIP-848). v1 tells which
/// protocol a member speaks (KIP-1099).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum ConsumerGroupDescribeHandler {
    typealias Group = ConsumerGroupDescribeResponse.DescribedGroup

    static func handle(
        _ request: ConsumerGroupDescribeRequest, _ context: RequestContext
    ) -> Outcome<ConsumerGroupDescribeResponse> {
        let reply = Deferred<ConsumerGroupDescribeResponse>()
        let gathering = Gathering<Group>(count: request.groupIDs.count) { groups in
            var response = ConsumerGroupDescribeResponse()
            response.throttleTimeMs = context.throttleMilliseconds
            response.groups = groups
            reply.complete(response)
        }
        for (index, id) in request.groupIDs.enumerated() {
            guard context.authorize(.describe, .group(id)) else {
                gathering.add(failure(.groupAuthorizationFailed, id), at: index)
                continue
            }
            guard !id.isEmpty else {
                gathering.add(failure(.invalidGroupID, id), at: index)
                continue
            }
            context.ask(id, .describeConsumers([id])) { answer in
                var group = answer.read { reply in
                    guard case .describeConsumers(let groups) = reply else { return nil as Group? }
                    return groups.first
                } _: { code in
                    failure(code, id)
                }
                if request.includeAuthorizedOperations, group.errorCode == ErrorCode.none.rawValue {
                    group.authorizedOperations = Resource.group(id).operationBits
                }
                gathering.add(group, at: index)
            }
        }
        return .later(reply)
    }

    private static func failure(_ code: ErrorCode, _ id: String) -> Group {
        var group = Group()
        group.groupID = id
        group.errorCode = code.rawValue
        return group
    }
}
