/// DeleteGroups (key 42, v0–2): deletes groups without members, with their offsets. v1 throttle time · v2
/// flexible.
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

enum DeleteGroupsHandler: RequestHandler {
    typealias Request = DeleteGroupsRequest
    // A large group goes in several steps, which a list of all groups would see.
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.groupsNames, limitBytes) { $0.utf8.count + EntryBytes.code }
    }

    static func handle(_ request: DeleteGroupsRequest, _ context: RequestContext) -> Outcome<
        DeleteGroupsResponse
    > {
        var seen: Set<Name> = []
        let ids = request.groupsNames.filter { seen.insert($0).inserted }
        let reply = context.administration.deleteGroups(
            ids, denial: context.groupDenial(.delete),
            answer: { outcomes in
                var response = DeleteGroupsResponse()
                response.results = zip(ids, outcomes).map { id, outcome in
                    var result = DeleteGroupsResponse.DeletableGroupResult()
                    result.groupID = id
                    if case .failure(let refusal) = outcome { result.errorCode = refusal.code.rawValue }
                    return result
                }
                return response
            })
        return .later(reply)
    }
}
