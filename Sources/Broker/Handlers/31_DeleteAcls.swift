/// DeleteAcls (key 31, v0–3): deletes access rules, of which there are none without an authorizer. v1 kinds
/// of patterns · v2 flexible.
import Base
import Network
import Protocol

enum DeleteAclsHandler: RequestHandler {
    typealias Request = DeleteAclsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, _ in
        EntryBytes.refusal * request.filters.count
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        for filter in request.filters {
            let numbers = AccessRuleNumbers(
                resourceType: filter.resourceTypeFilter, patternType: filter.patternTypeFilter,
                operation: filter.operation, permissionType: filter.permissionType)
            if let reason = numbers.refusal { return .close(reason) }
        }
        let refusal = context.accessRuleRefusal(.alter, "No Authorizer is configured.")
        var result = Reply.DeleteAclsFilterResult()
        result.errorCode = refusal.code.rawValue
        result.errorMessage = refusal.message
        var reply = Reply()
        reply.filterResults = request.filters.map { _ in result }
        return .now(reply)
    }
}
