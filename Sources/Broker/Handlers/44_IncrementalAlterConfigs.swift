/// IncrementalAlterConfigs (key 44, v0–1): changes single configurations of topics, of the broker, of its
/// loggers, of groups and of client metrics (KIP-339). v1 flexible.
import Base
import Network
import Protocol

enum IncrementalAlterConfigsHandler: RequestHandler {
    typealias Request = IncrementalAlterConfigsRequest
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
                edits: resource.configs.map { ($0.name, ConfigEdit($0.configOperation, $0.value)) },
                replacesAll: false)
        }
        return context.alterConfigs(wanted, validateOnly: request.validateOnly) { responses in
            var reply = Reply()
            reply.responses = responses
            return reply
        }
    }
}

extension ConfigEdit {
    /// What a request asks for; only a deletion needs no value.
    init(_ operation: Int8, _ value: String?) {
        guard operation != 1 else {
            self = .delete
            return
        }
        guard let value else {
            self = .null
            return
        }
        switch operation {
        case 0: self = .set(value)
        case 2: self = .append(value)
        case 3: self = .subtract(value)
        default: self = .unknown(operation)
        }
    }
}
