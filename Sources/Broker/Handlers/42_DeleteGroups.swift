/// DeleteGroups (key 42, v0–2): deletes groups without members, with their offsets. v1 throttle time · v2
/// flexible.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum DeleteGroupsHandler {
    typealias Result = DeleteGroupsResponse.DeletableGroupResult

    static func handle(_ request: DeleteGroupsRequest, _ context: RequestContext) -> Outcome<
        DeleteGroupsResponse
    > {
        var seen: Set<String> = []
        let ids = request.groupsNames.filter { seen.insert($0).inserted }
        let reply = Deferred<DeleteGroupsResponse>()
        let gathering = Gathering<Result>(count: ids.count) { results in
            var response = DeleteGroupsResponse()
            response.throttleTimeMs = context.throttleMilliseconds
            response.results = results
            reply.complete(response)
        }
        for (index, id) in ids.enumerated() {
            guard context.authorize(.delete, .group(id)) else {
                gathering.add(failure(.groupAuthorizationFailed, id), at: index)
                continue
            }
            context.ask(id, .delete([id])) { answer in
                let result = answer.read { reply in
                    guard case .delete(let results) = reply else { return nil as Result? }
                    return results.first
                } _: { code in
                    failure(code, id)
                }
                gathering.add(result, at: index)
            }
        }
        return .later(reply)
    }

    private static func failure(_ code: ErrorCode, _ id: String) -> Result {
        var result = Result()
        result.groupID = id
        result.errorCode = code.rawValue
        return result
    }
}
