/// DescribeAcls (key 29, v0–3): lists access rules. v1 kinds of patterns · v2 flexible.
import Base
import Network
import Protocol
import Security

enum DescribeAclsHandler: RequestHandler {
    typealias Request = DescribeAclsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, context, limitBytes in
        guard let filter = try? words(request).filter() else { return EntryBytes.refusal }
        let rules = context.broker.catalog.metadata.image.accessRules.all.values
        return EntryBytes.sum(of: rules.lazy.filter(filter.matches), limitBytes) { EntryBytes.of($0) }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        if let reason = words(request).numbers.refusal { return .close(reason) }
        var reply = Reply()
        if let refusal = context.accessRuleRefusal(.describe, "No Authorizer is configured on the broker") {
            reply.errorCode = refusal.code.rawValue
            reply.errorMessage = refusal.message
            return .now(reply)
        }
        guard let filter = try? words(request).filter() else { return .now(reply) }
        reply.resources = context.administration.describeAccessRules(filter).map { pattern, rules in
            Reply.DescribeAclsResource(pattern, rules)
        }
        return .now(reply)
    }

    private static func words(_ request: Request) -> AccessRuleFilterWords {
        AccessRuleFilterWords(
            numbers: AccessRuleNumbers(
                resourceType: request.resourceTypeFilter, patternType: request.patternTypeFilter,
                operation: request.operation, permissionType: request.permissionType),
            resourceName: request.resourceNameFilter, principal: request.principalFilter,
            host: request.hostFilter)
    }
}

extension DescribeAclsResponse.DescribeAclsResource {
    fileprivate init(_ pattern: ResourcePattern, _ rules: [AccessRule]) {
        self.init()
        resourceType = pattern.kind.rawValue
        resourceName = pattern.name
        patternType = pattern.match.rawValue
        acls = rules.map { rule in
            var told = DescribeAclsResponse.AclDescription()
            told.principal = rule.principal
            told.host = rule.host
            told.operation = rule.operationNumber
            told.permissionType = rule.permission.rawValue
            return told
        }
    }
}
