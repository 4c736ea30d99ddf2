/// CreateAcls (key 30, v0–3): adds access rules, which nobody keeps without an authorizer. v1 kinds of
/// patterns · v2 flexible.
import Base
import Network
import Protocol

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
        let refusal = context.accessRuleRefusal(.alter, "No Authorizer is configured.")
        var result = Reply.AclCreationResult()
        result.errorCode = refusal.code.rawValue
        result.errorMessage = refusal.message
        var reply = Reply()
        reply.results = request.creations.map { _ in result }
        return .now(reply)
    }
}
