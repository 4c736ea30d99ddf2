/// DeleteGroups (key 42, v0–2): deletes groups without members, with their offsets. v1 throttle time · v2
/// flexible.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum DeleteGroupsHandler: RequestHandler {
    typealias Request = DeleteGroupsRequest
    // A large group goes in several steps, which a list of all groups would see.
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.groupsNames, limitBytes) { $0.utf8.count + EntryBytes.code }
    }

    typealias Result = DeleteGroupsResponse.DeletableGroupResult

    static func handle(_ request: DeleteGroupsRequest, _ context: RequestContext) -> Outcome<
        DeleteGroupsResponse
    > {
        var seen: Set<Name> = []
        let ids = request.groupsNames.filter { seen.insert($0).inserted }
        return context.askEach(ids, .delete, refusal: failure) {
            .delete($0)
        } read: { reply in
            if case .delete(let result) = reply { result } else { nil }
        } then: { results in
            var response = DeleteGroupsResponse()
            response.results = results
            return response
        }
    }

    private static func failure(_ code: ErrorCode, _ id: Name) -> Result {
        var result = Result()
        result.groupID = id
        result.errorCode = code.rawValue
        return result
    }
}
