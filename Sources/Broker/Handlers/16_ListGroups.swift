/// ListGroups (key 16, v0–5): all groups. v1 throttle time · v3 flexible · v4 by state (KIP-518) · v5 by type
/// (KIP-848).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol

enum ListGroupsHandler: RequestHandler {
    typealias Request = ListGroupsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { _, context, _ in
        (context.broker.groups.existingShards() ?? []).reduce(0) {
            $0 + ($1.inspect { $0.listedBytes } ?? 0)
        }
    }

    static func handle(_ request: ListGroupsRequest, _ context: RequestContext) -> Outcome<ListGroupsResponse>
    {
        let filter = GroupFilter(states: request.statesFilter, types: request.typesFilter)
        let seesAll = context.authorize(.describe, .cluster)
        return context.askAll(.list(filter)) { answers in
            var response = ListGroupsResponse()
            for answer in answers {
                switch answer {
                case .success(.list(let groups)):
                    response.groups += groups.filter {
                        seesAll || context.authorize(.describe, .group($0.groupID))
                    }
                case .success: preconditionFailure("the coordinator answered another request")
                case .failure(let error): response.errorCode = error.code.rawValue
                }
            }
            response.groups.sort { $0.groupID < $1.groupID }
            return response
        }
    }
}
