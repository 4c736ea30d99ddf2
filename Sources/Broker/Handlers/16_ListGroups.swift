/// ListGroups (key 16, v0–5): all groups. v1 throttle time · v3 flexible · v4 by state (KIP-518) · v5 by type
/// (KIP-848).
internal import Base
internal import Coordinator
internal import Network
internal import Protocol
internal import Security

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
        let seesAll = context.sees(.describe, .cluster)
        let reply = context.administration.listGroups(filter) { listing in
            var response = ListGroupsResponse()
            response.errorCode = (listing.problem?.code ?? .none).rawValue
            response.groups = listing.groups.compactMap { listed in
                guard seesAll || context.sees(.describe, .group(listed.id)) else { return nil }
                var group = ListGroupsResponse.ListedGroup()
                group.groupID = listed.id
                group.protocolType = listed.protocolType
                group.groupState = listed.state
                group.groupType = listed.kind.rawValue
                return group
            }
            return response
        }
        return .later(reply)
    }
}
