/// AlterConfigs (key 33, v0–2): replaces all that is configured of topics, of the broker, of groups and of
/// client metrics. v2 flexible.
import Base
import Network
import Protocol

enum AlterConfigsHandler: RequestHandler {
    typealias Request = AlterConfigsRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.resources, limitBytes) {
            EntryBytes.refusal + $0.resourceName.utf8.count
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        let wanted = request.resources.map { resource in
            ConfigAlteration(
                resource: .init(type: resource.resourceType, name: resource.resourceName),
                edits: resource.configs.map { ($0.name, $0.value.map(ConfigEdit.set) ?? .null) },
                replacesAll: true)
        }
        let reply = context.administration.alterConfigs(
            wanted, validateOnly: request.validateOnly,
            denial: { context.denial(.alterConfigs, $0) },
            answer: { refusals in
                var reply = Reply()
                reply.responses = zip(wanted, refusals).map { alteration, refusal in
                    var response = Reply.AlterConfigsResourceResponse()
                    response.errorCode = refusal?.code.rawValue ?? ErrorCode.none.rawValue
                    response.errorMessage = refusal?.message
                    response.resourceType = alteration.resource.type
                    response.resourceName = alteration.resource.name
                    return response
                }
                return reply
            })
        return .later(reply)
    }
}
