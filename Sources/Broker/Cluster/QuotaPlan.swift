// Changes of client quotas, judged by Kafka's rules.
internal import Base
internal import Protocol

/// What is to become of the quotas of one entity.
struct QuotaAlteration: Sendable {
    let entity: QuotaEntity
    /// Values by keys; nil takes one away.
    let edits: [(key: Name, value: Double?)]
}

/// What became of that.
struct QuotaOutcome: Sendable {
    let entity: QuotaEntity
    /// Nil if it was done.
    let refusal: Refusal?
}

/// What changes of quotas lead to, decided entity by entity.
struct QuotaPlan: Sendable {
    /// What there is to tell of it; without the quotas that it was decided by, which change next.
    struct Verdict: Sendable {
        /// What became of each entity, in the order in which they were first named.
        let outcomes: [QuotaOutcome]
        /// What is changed.
        let changes: [(entity: QuotaEntity, keys: [Name])]
        /// Whether a quota is set.
        let setsSomething: Bool
    }

    private let current: ClientQuotas
    private let unknownHosts: Set<Name>
    /// What is written.
    private(set) var records: [MetadataRecord] = []
    private var changes: [(entity: QuotaEntity, keys: [Name])] = []
    private var setsSomething = false
    private var entities: [QuotaEntity] = []
    private var results: [QuotaEntity: Refusal?] = [:]

    var verdict: Verdict {
        Verdict(
            outcomes: entities.map { QuotaOutcome(entity: $0, refusal: results[$0] ?? nil) },
            changes: changes, setsSomething: setsSomething)
    }

    init(_ current: ClientQuotas, unknownHosts: Set<Name>) {
        self.current = current
        self.unknownHosts = unknownHosts
    }

    /// Takes one change in, or notes why it is refused, which leaves the others as they are.
    mutating func add(_ alteration: QuotaAlteration) {
        let entity = alteration.entity
        let isRepeated = results[entity] != nil
        if !isRepeated { entities.append(entity) }
        do throws(Refusal) {
            guard !isRepeated, Set(alteration.edits.map(\.key)).count == alteration.edits.count else {
                throw .invalidRequest("Ignoring duplicate entity \(entity)")
            }
            try change(alteration, try entity.keys(unknownHosts))
            results[entity] = .some(nil)
        } catch {
            results[entity] = error
        }
    }

    private mutating func change(
        _ alteration: QuotaAlteration, _ keys: [Name: QuotaKind]
    ) throws(Refusal) {
        let values = current.entities[alteration.entity] ?? [:]
        var changed: [(key: Name, value: Double?)] = []
        for (key, value) in alteration.edits {
            if let value {
                guard let kind = keys[key] else { throw .invalidRequest("Invalid configuration key \(key)") }
                try kind.check(value, of: key)
            }
            // A value that is no number is not even equal to itself.
            if values[key]?.bitPattern != value?.bitPattern { changed.append((key, value)) }
        }
        guard !changed.isEmpty else { return }
        records += changed.map { .clientQuota(ClientQuotaRecord(alteration.entity, $0.key, $0.value)) }
        changes.append((alteration.entity, changed.map(\.key)))
        if changed.contains(where: { $0.value != nil }) { setsSomething = true }
    }
}

/// What numbers a quota takes.
private enum QuotaKind: Sendable {
    case int, long, double

    func check(_ value: Double, of key: Name) throws(Refusal) {
        if value <= 0 { throw .invalidRequest("Quota \(key) must be greater than 0") }
        switch self {
        case .double: return
        case .int where value > Double(Int32.max):
            throw .invalidRequest("Proposed value for \(key) is too large for an INT.")
        case .long where value > Double(Int64.max):
            throw .invalidRequest("Proposed value for \(key) is too large for a LONG.")
        case .int, .long:
            guard value.truncatingRemainder(dividingBy: 1) > 1e-6 else { return }
            throw .invalidRequest("\(key) cannot be a fractional value.")
        }
    }
}

extension QuotaEntity {
    static let address: Name = "ip"
    /// The kinds that there are.
    static let types: Set<Name> = ["user", "client-id", address]
    private static let ofClients: [Name: QuotaKind] = [
        "producer_byte_rate": .long, "consumer_byte_rate": .long, "request_percentage": .double,
        "controller_mutation_rate": .double,
    ]
    private static let ofAddresses: [Name: QuotaKind] = ["connection_creation_rate": .int]

    /// The keys that its quotas may have.
    fileprivate func keys(_ unknownHosts: Set<Name>) throws(Refusal) -> [Name: QuotaKind] {
        guard !names.isEmpty else { throw .invalidRequest("Invalid empty client quota entity") }
        for (type, name) in parts {
            guard Self.types.contains(type) else {
                throw .invalidRequest("Unhandled client quota entity type: \(type)")
            }
            if name?.isEmpty == true { throw .invalidRequest("Empty \(type) not supported") }
        }
        guard let host = names[Self.address] else { return Self.ofClients }
        guard names.count == 1 else {
            throw .invalidRequest(
                "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId")
        }
        if let host, unknownHosts.contains(host) {
            throw .invalidRequest("\(host) is not a valid IP or resolvable host.")
        }
        return Self.ofAddresses
    }
}

extension QuotaEntity: CustomStringConvertible {
    /// As Kafka spells it.
    var description: String {
        let entries = parts.map { "\($0.type)=\($0.name?.text ?? "null")" }
        return "ClientQuotaEntity(entries={\(entries.joined(separator: ", "))})"
    }
}
