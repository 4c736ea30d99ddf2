/// DescribeClientQuotas (key 48, v0–1): what users, clients and addresses may take (KIP-546). v1 flexible.
import Base
import Network
import Protocol
import Security

enum DescribeClientQuotasHandler: RequestHandler {
    typealias Request = DescribeClientQuotasRequest
    static let effect = RequestEffect.none
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { _, context, limitBytes in
        let quotas = context.broker.catalog.metadata.image.quotas.entities
        return EntryBytes.sum(of: quotas, limitBytes) { entity, values in
            entity.names.reduce(EntryBytes.quota * (1 + values.count)) {
                $0 + ($1.value?.utf8.count ?? 0)
            }
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        guard context.authorize(.describeConfigs, .cluster) else {
            return .now(refusal(Refusal(.clusterAuthorizationFailed)))
        }
        let components = request.components.map { component in
            QuotaComponent(
                type: component.entityType, match: QuotaComponent.Match(component.matchType),
                name: component.match)
        }
        switch context.administration.describeQuotas(components, strict: request.strict) {
        case .failure(let refusal): return .now(self.refusal(refusal))
        case .success(let entries):
            var reply = Reply()
            reply.entries = entries.map { Reply.EntryData($0) }
            return .now(reply)
        }
    }

    private static func refusal(_ refusal: Refusal) -> Reply {
        var reply = Reply()
        reply.errorCode = refusal.code.rawValue
        reply.errorMessage = refusal.message
        reply.entries = nil
        return reply
    }
}

extension QuotaComponent.Match {
    init(_ number: Int8) {
        switch number {
        case 0: self = .exact
        case 1: self = .unnamed
        case 2: self = .any
        default: self = .unknown(number)
        }
    }
}

extension DescribeClientQuotasResponse.EntryData {
    fileprivate init(_ entry: QuotaEntry) {
        self.init()
        entity = entry.entity.parts.map { type, name in
            var part = DescribeClientQuotasResponse.EntityData()
            (part.entityType, part.entityName) = (type, name)
            return part
        }
        values = entry.values.map { key, value in
            var told = DescribeClientQuotasResponse.ValueData()
            (told.key, told.value) = (key, value)
            return told
        }
    }
}
