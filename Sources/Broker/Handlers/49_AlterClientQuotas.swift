/// AlterClientQuotas (key 49, v0–1): sets and removes what users, clients and addresses may take (KIP-546).
/// v1 flexible.
import Base
import Network
import Protocol
import Security

enum AlterClientQuotasHandler: RequestHandler {
    typealias Request = AlterClientQuotasRequest
    static let effect = RequestEffect.whenFinished
    static let partitions: NamedPartitions<Request> = .none
    static let replySize: ReplySize<Request> = .growing { request, _, limitBytes in
        EntryBytes.sum(of: request.entries, limitBytes) { entry in
            // What was wrong may name it once more.
            entry.entity.reduce(EntryBytes.refusal) {
                $0 + 2 * ($1.entityType.utf8.count + ($1.entityName?.utf8.count ?? 0)) + EntryBytes.code
            }
        }
    }

    static func handle(_ request: Request, _ context: RequestContext) -> Outcome<Reply> {
        guard context.authorize(.alterConfigs, .cluster) else {
            return .now(Reply(request, context.clusterRefusal))
        }
        let wanted = request.entries.map { entry in
            var entity = QuotaEntity()
            for part in entry.entity { entity.names[part.entityType] = .some(part.entityName) }
            return QuotaAlteration(
                entity: entity, edits: entry.ops.map { ($0.key, $0.remove ? nil : $0.value) })
        }
        return .later(
            context.administration.alterQuotas(
                wanted, validateOnly: request.validateOnly, answer: { Reply($0) }))
    }
}

extension AlterClientQuotasResponse {
    fileprivate init(_ outcomes: [QuotaOutcome]) {
        self.init()
        entries = outcomes.map { outcome in
            var entry = EntryData(outcome.refusal)
            entry.entity = outcome.entity.parts.map { type, name in
                var part = EntityData()
                (part.entityType, part.entityName) = (type, name)
                return part
            }
            return entry
        }
    }

    /// The same answer about everything that was asked for, as it was asked for.
    fileprivate init(_ request: AlterClientQuotasRequest, _ refusal: Refusal) {
        self.init()
        entries = request.entries.map { asked in
            var entry = EntryData(refusal)
            entry.entity = asked.entity.map { part in
                var told = EntityData()
                (told.entityType, told.entityName) = (part.entityType, part.entityName)
                return told
            }
            return entry
        }
    }
}

extension AlterClientQuotasResponse.EntryData {
    fileprivate init(_ refusal: Refusal?) {
        self.init()
        errorCode = refusal?.code.rawValue ?? ErrorCode.none.rawValue
        errorMessage = refusal?.message
    }
}
