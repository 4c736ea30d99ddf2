// Client quotas are described and changed (KIP-546). Nothing is held back by them yet.
internal import Base
internal import Network

internal import enum Protocol.ErrorCode

/// Which quotas somebody asks for, as to one kind of those whom they are for.
struct QuotaComponent: Sendable {
    /// How the name has to be.
    enum Match: Equatable, Sendable {
        case exact
        /// That of nobody: the quota of all who have none of their own.
        case unnamed
        case any
        /// A number that means nothing.
        case unknown(Int8)
    }

    let type: Name
    let match: Match
    let name: Name?
}

/// The quotas of one entity.
struct QuotaEntry: Sendable {
    let entity: QuotaEntity
    let values: [(key: Name, value: Double)]
}

// MARK: - Describing

extension Administration {
    /// The quotas of those that fit all of `components`; with `strict` of those alone of whom the components
    /// say everything.
    func describeQuotas(
        _ components: [QuotaComponent], strict: Bool
    ) -> Result<[QuotaEntry], Refusal> {
        do throws(Refusal) { try Self.check(components) } catch { return .failure(error) }
        let found = broker.catalog.metadata.image.quotas.entities.filter { entity, _ in
            if strict, entity.names.count != components.count { return false }
            return components.allSatisfy { component in
                guard let name = entity.names[component.type] else { return false }
                return component.match == .any || name == component.name
            }
        }
        return .success(
            found.map { entity, values in
                QuotaEntry(entity: entity, values: values.sorted { $0.key < $1.key })
            })
    }

    private static func check(_ components: [QuotaComponent]) throws(Refusal) {
        var seen: Set<Name> = []
        for component in components {
            guard !component.type.isEmpty else { throw .invalidRequest("Invalid empty entity type.") }
            guard !seen.contains(component.type) else {
                throw .invalidRequest(
                    "Entity type \(component.type) cannot appear more than once in the filter.")
            }
            guard QuotaEntity.types.contains(component.type) else {
                throw Refusal(
                    code: .unsupportedVersion, message: "Unsupported entity type \(component.type)")
            }
            try check(component)
            seen.insert(component.type)
        }
        if seen.contains(QuotaEntity.address), seen.count > 1 {
            throw .invalidRequest(
                "Invalid entity filter component combination. IP filter component should not be used with "
                    + "user or clientId filter component.")
        }
    }

    private static func check(_ component: QuotaComponent) throws(Refusal) {
        func refuse(_ what: String) -> Refusal { .invalidRequest("Request specified MATCH_TYPE_" + what) }
        switch component.match {
        case .exact:
            if component.name == nil { throw refuse("EXACT, but set match string to null.") }
        case .unnamed:
            if component.name != nil { throw refuse("DEFAULT, but also specified a match string.") }
        case .any:
            if component.name != nil { throw refuse("SPECIFIED, but also specified a match string.") }
        case .unknown(let number): throw .invalidRequest("Unknown match type \(number)")
        }
    }
}

// MARK: - Changing

extension Administration {
    /// Changes quotas, or with `validateOnly` checks whether it could; complete when what is changed is
    /// durable.
    ///
    /// The answer is given what became of each entity, once. Of one that is named twice the first mention
    /// counts, and the second is what is answered, as in Kafka.
    func alterQuotas<Reply: Sendable>(
        _ wanted: [QuotaAlteration], validateOnly: Bool,
        answer: @escaping @Sendable ([QuotaOutcome]) -> Reply
    ) -> Deferred<Reply> {
        let reply = Deferred<Reply>()
        @Sendable func refuseAll(_ refusal: Refusal) -> Reply {
            var seen: Set<QuotaEntity> = []
            let entities = wanted.map(\.entity).filter { seen.insert($0).inserted }
            return answer(entities.map { QuotaOutcome(entity: $0, refusal: refusal) })
        }
        lookUpHosts(of: wanted, for: reply) { [self] unknown in
            broker.catalog.alter(validateOnly: validateOnly) { image in
                var plan = QuotaPlan(image.quotas, unknownHosts: unknown)
                for alteration in wanted { plan.add(alteration) }
                return MetadataAlteration(records: plan.records, result: plan.verdict)
            } then: { result in
                switch result {
                case .success(let verdict):
                    if !validateOnly { log(verdict) }
                    reply.complete(answer(verdict.outcomes))
                case .failure(let refusal): reply.complete(refuseAll(refusal))
                }
            }
        }
        return DiskWait.limited(reply, on: loop) { refuseAll(.outOfTime) }
    }

    private func log(_ verdict: QuotaPlan.Verdict) {
        for (entity, keys) in verdict.changes {
            broker.logger.logLimited(
                .info, "quota.changed",
                ["of": "\(entity)", "keys": keys.joined(separator: ","), "by": requester])
        }
        if verdict.setsSomething, broker.hasQuotas.claim() {
            broker.logger.log(
                .warning, "quota.ignored",
                ["reason": "quotas are kept and told, and hold nobody back yet"])
        }
    }

    /// Gives `body` the names among the addresses that nobody knows: at once where they are all numbers, else
    /// from a thread that waits for the resolver.
    private func lookUpHosts<Reply: Sendable>(
        of wanted: [QuotaAlteration], for reply: Deferred<Reply>,
        _ body: @escaping @Sendable (Set<Name>) -> Void
    ) {
        let hosts = Set(
            wanted.compactMap { alteration -> Name? in
                let names = alteration.entity.names
                guard names.count == 1, let name = names[QuotaEntity.address] ?? nil, !name.isEmpty
                else { return nil }
                return Self.isAddress(name) ? nil : name
            })
        guard !hosts.isEmpty else { return body([]) }
        let isOver = First()
        reply.whenAbandoned { _ = isOver.claim() }
        broker.resolver.run {
            let unknown = hosts.filter { name in
                // Whoever asked is gone.
                guard !isOver.isClaimed else { return true }
                return (try? SocketAddress.resolve(host: name.text, port: 0)) == nil
            }
            if isOver.claim() { body(unknown) }
        }
    }

    private static func isAddress(_ name: Name) -> Bool {
        let text = name.text
        guard text.hasPrefix("["), text.hasSuffix("]") else { return SocketAddress.Host(text) != nil }
        return text.contains(":") && SocketAddress.Host(String(text.dropFirst().dropLast())) != nil
    }
}
