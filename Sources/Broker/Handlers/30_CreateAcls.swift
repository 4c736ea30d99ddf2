/// CreateAcls (key 30, v0–3): adds access rules. v1 kinds of patterns · v2 flexible.
import Base
import Network
import Protocol
import Security

enum CreateAclsHandler: RequestHandler {
    typealias Request = CreateAclsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, _ in
        EntryBytes.refusal * request.creations.count
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        for rule in request.creations {
            let numbers = AccessRuleNumbers(
                resourceType: rule.resourceType, patternType: rule.resourcePatternType,
                operation: rule.operation, permissionType: rule.permissionType)
            if let reason = numbers.refusal { return .close(reason) }
        }
        if let refusal = context.accessRuleRefusal(.alter, "No Authorizer is configured.") {
            return .now(Reply(request.creations.map { _ in refusal }))
        }
        let wanted = request.creations.map { rule in
            AccessRuleCreation(
                resourceType: rule.resourceType, resourceName: rule.resourceName,
                patternType: rule.resourcePatternType, principal: rule.principal, host: rule.host,
                operation: rule.operation, permissionType: rule.permissionType)
        }
        return .later(context.administration.createAccessRules(wanted, answer: { Reply($0) }))
    }
}

extension CreateAclsResponse {
    /// What became of each rule; nil where it is there.
    fileprivate init(_ refusals: [Refusal?]) {
        self.init()
        results = refusals.map { refusal in
            var result = AclCreationResult()
            guard let refusal else { return result }
            result.errorCode = refusal.code.rawValue
            result.errorMessage = refusal.message
            return result
        }
    }
}
