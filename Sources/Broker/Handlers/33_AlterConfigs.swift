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
        return context.alterConfigs(wanted, validateOnly: request.validateOnly) { responses in
            var reply = Reply()
            reply.responses = responses
            return reply
        }
    }
}
