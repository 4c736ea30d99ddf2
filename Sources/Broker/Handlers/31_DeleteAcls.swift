/// DeleteAcls (key 31, v0–3): deletes access rules. v1 kinds of patterns · v2 flexible.
import Base
import Network
import Protocol
import Security

enum DeleteAclsHandler: RequestHandler {
    typealias Request = DeleteAclsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        let filters = request.filters.compactMap { try? words($0).filter() }
        let rules = context.broker.catalog.metadata.image.accessRules.all.values
        let told = EntryBytes.sum(of: rules, limitBytes) { rule in
            EntryBytes.of(rule) * filters.count { $0.matches(rule) }
        }
        return told + EntryBytes.refusal * request.filters.count
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        for filter in request.filters {
            if let reason = words(filter).numbers.refusal { return .close(reason) }
        }
        if let refusal = context.accessRuleRefusal(.alter, "No Authorizer is configured.") {
            return .now(Reply(request.filters.map { _ in .failure(refusal) }))
        }
        let filters = request.filters.map { asked in
            Result { () throws(Refusal) in try words(asked).filter() }
        }
        return .later(context.administration.deleteAccessRules(filters, answer: { Reply($0) }))
    }

    private static func words(_ filter: Request.DeleteAclsFilter) -> AccessRuleFilterWords {
        AccessRuleFilterWords(
            numbers: AccessRuleNumbers(
                resourceType: filter.resourceTypeFilter, patternType: filter.patternTypeFilter,
                operation: filter.operation, permissionType: filter.permissionType),
            resourceName: filter.resourceNameFilter, principal: filter.principalFilter,
            host: filter.hostFilter)
    }
}

extension DeleteAclsResponse {
    /// The rules that each filter found, or why it found none.
    fileprivate init(_ found: [Result<[AccessRule], Refusal>]) {
        self.init()
        filterResults = found.map { found in
            var result = DeleteAclsFilterResult()
            result.errorMessage = nil
            switch found {
            case .success(let rules): result.matchingAcls = rules.map { DeleteAclsMatchingAcl($0) }
            case .failure(let refusal):
                result.errorCode = refusal.code.rawValue
                result.errorMessage = refusal.message
            }
            return result
        }
    }
}

extension DeleteAclsResponse.DeleteAclsMatchingAcl {
    fileprivate init(_ rule: AccessRule) {
        self.init()
        errorMessage = nil
        resourceType = rule.resources.kind.rawValue
        resourceName = rule.resources.name
        patternType = rule.resources.match.rawValue
        principal = rule.principal
        host = rule.host
        operation = rule.operationNumber
        permissionType = rule.permission.rawValue
    }
}
