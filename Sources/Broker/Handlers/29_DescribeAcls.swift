/// DescribeAcls (key 29, v0–3): access rules, of which there are none without an authorizer. v1 kinds of
/// patterns · v2 flexible.
import Base
import Network
import Protocol

enum DescribeAclsHandler: RequestHandler {
    typealias Request = DescribeAclsRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .small

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let numbers = AccessRuleNumbers(
            resourceType: request.resourceTypeFilter, patternType: request.patternTypeFilter,
            operation: request.operation, permissionType: request.permissionType)
        if let reason = numbers.refusal { return .close(reason) }
        let refusal = context.accessRuleRefusal(.describe, "No Authorizer is configured on the broker")
        var reply = Reply()
        reply.errorCode = refusal.code.rawValue
        reply.errorMessage = refusal.message
        return .now(reply)
    }
}
