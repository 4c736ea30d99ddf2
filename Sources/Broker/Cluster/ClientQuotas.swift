// Client quotas as the metadata has them (KIP-546): whom each is for, and its values.
internal import Base
internal import Protocol

/// Whom quotas are for: a user, a client, both together, or an address.
struct QuotaEntity: Hashable, Sendable {
    /// Names by kinds (`user`, `client-id`, `ip`); nil for all of a kind that have no quota of their own.
    var names: [Name: Name?] = [:]

    /// The kinds and names in one order.
    var parts: [(type: Name, name: Name?)] {
        names.map { (type: $0.key, name: $0.value) }.sorted { $0.type < $1.type }
    }
}

/// Quotas by whom they are for.
struct ClientQuotas: Sendable, Equatable {
    /// Values by their keys; nobody is there without one.
    private(set) var entities: [QuotaEntity: [Name: Double]] = [:]

    mutating func apply(_ record: ClientQuotaRecord) {
        let entity = QuotaEntity(record)
        var values = entities[entity] ?? [:]
        values[record.key] = record.remove ? nil : record.value
        entities[entity] = values.isEmpty ? nil : values
    }

    /// The records that say all of it.
    var records: [ClientQuotaRecord] {
        entities.flatMap { entity, values in
            values.map { ClientQuotaRecord(entity, $0.key, $0.value) }
        }.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}

extension QuotaEntity {
    init(_ record: ClientQuotaRecord) {
        for part in record.entity { names[part.entityType] = .some(part.entityName) }
    }
}

extension ClientQuotaRecord {
    /// The record that gives a key a value, or with nil takes it away.
    init(_ entity: QuotaEntity, _ key: Name, _ value: Double?) {
        self.init()
        self.entity = entity.parts.map { type, name in
            var part = EntityData()
            (part.entityType, part.entityName) = (type, name)
            return part
        }
        self.key = key
        self.value = value ?? 0
        remove = value == nil
    }

    /// What snapshots are ordered by, so that the same state gives the same bytes.
    fileprivate var order: [Name] { entity.flatMap { [$0.entityType, $0.entityName ?? ""] } + [key] }
}
