// Configurations are described, listed and changed: of topics, of the broker, of its loggers, of groups and
// of subscriptions to clients' metrics.
internal import Base

internal import enum Protocol.ErrorCode

extension Administration {
    /// The configurations of one thing, or why they cannot be told; those that `keys` names where it names
    /// some.
    func describeConfigs(
        of resource: MetadataImage.ConfigResource, keys: [Name]
    ) -> Result<[ConfigEntry], Refusal> {
        do throws(Refusal) {
            let entries = try entries(of: resource)
            guard !keys.isEmpty else { return .success(entries) }
            let wanted = Set(keys)
            return .success(entries.filter { wanted.contains($0.name) })
        } catch {
            return .failure(error)
        }
    }

    private func entries(of resource: MetadataImage.ConfigResource) throws(Refusal) -> [ConfigEntry] {
        let (name, configs) = (resource.name, broker.catalog.configuration)
        switch resource.kind {
        case .topic:
            try TopicName.check(name)
            guard let topic = broker.catalog.topics[name] else { throw Refusal(.unknownTopicOrPartition) }
            return topic.configEntries(configs)
        case .broker where name.isEmpty: return configs.clusterEntries()
        case .broker:
            try configs.checkName(
                name, called: "Broker", "Unexpected broker id, expected \(broker.nodeID) or empty string,")
            return configs.entries()
        case .logger:
            guard !name.isEmpty else { throw .invalidRequest("Broker id must not be empty") }
            try configs.checkName(
                name, called: "Broker", "Unexpected broker id, expected \(broker.nodeID)")
            return broker.loggers.entries
        case .clientMetrics:
            guard !name.isEmpty else {
                throw .invalidRequest("Client metrics subscription name must not be empty")
            }
            return try clientMetrics(name)
        case .group:
            guard !name.isEmpty else { throw .invalidRequest("Group name must not be empty") }
            return group(name, configs)
        case nil: throw .invalidRequest("Unexpected resource type \(resource.type) for resource \(name)")
        }
    }

    private func values(of kind: ConfigResourceKind, _ name: Name) -> [Name: String] {
        broker.catalog.metadata.image.configs[.init(kind, name)] ?? [:]
    }

    private func clientMetrics(_ name: Name) throws(Refusal) -> [ConfigEntry] {
        let values = values(of: .clientMetrics, name)
        let unset = ClientMetricsConfig()
        return ClientMetricsConfig.rules.map { rule in
            let text = values[rule.name].map { rule.kind.normalized($0, rule.name) }
            let own = text.map { [ConfigSynonym(name: rule.name, value: $0, origin: .clientMetrics)] }
            return ConfigEntry(rule.key, text ?? rule.render(unset), own ?? [])
        }
    }

    private func group(_ name: Name, _ configs: BrokerConfigs) -> [ConfigEntry] {
        let values = values(of: .group, name)
        return GroupConfig.rules.map { rule in
            let text = values[rule.name].map { rule.kind.normalized($0, rule.name) }
            let unset = GroupConfig.defaultText(of: rule, configs)
            var synonyms = text.map { [ConfigSynonym(name: rule.name, value: $0, origin: .group)] } ?? []
            if let broker = rule.key.synonyms.first {
                synonyms += configs.synonyms(of: broker)
            } else {
                synonyms.append(ConfigSynonym(name: rule.name, value: unset, origin: .default))
            }
            return ConfigEntry(rule.key, text ?? unset, synonyms)
        }
    }
}

extension Topic {
    /// What a reader is told of its configurations.
    fileprivate func configEntries(_ configs: BrokerConfigs) -> [ConfigEntry] {
        let hidden = [TopicSettings.internalSegmentBytes].filter { overrides[$0.name] != nil }
        return (TopicSettings.rules + hidden).map { rule in
            let text = rule.render(settings)
            var synonyms = rule.key.synonyms.first.map { configs.synonyms(of: $0) } ?? []
            if overrides[rule.name] != nil {
                synonyms.insert(ConfigSynonym(name: rule.name, value: text, origin: .topic), at: 0)
            }
            return ConfigEntry(rule.key, text, synonyms)
        }
    }
}

// MARK: - Listing

extension Administration {
    /// What has configurations of these kinds: topics and brokers all, others where something is set.
    func listConfigResources(_ kinds: Set<ConfigResourceKind>) -> [MetadataImage.ConfigResource] {
        let node = Name("\(broker.nodeID)")
        let set = broker.catalog.metadata.image.configs.filter { !$0.value.isEmpty }.keys
        return kinds.sorted { $0.rawValue > $1.rawValue }.flatMap { kind in
            let names: [Name] =
                switch kind {
                case .topic: broker.catalog.topics.inOrder.map(\.name)
                case .broker, .logger: [node]
                case .clientMetrics, .group: set.filter { $0.kind == kind }.map(\.name)
                }
            return names.sorted().map { MetadataImage.ConfigResource(kind, $0) }
        }
    }
}

// MARK: - Changing

extension Administration {
    /// Changes configurations, or with `validateOnly` checks whether it could; complete when what is changed
    /// is durable and in force.
    ///
    /// The answer is given why each was not done, in the order of `wanted`. A thing that is named twice is
    /// changed in neither way. `denial` says of each thing whose change makes sense, once and in order, why
    /// it must not be changed.
    func alterConfigs<Reply: Sendable>(
        _ wanted: [ConfigAlteration], validateOnly: Bool,
        denial: (MetadataImage.ConfigResource) -> Refusal? = { _ in nil },
        answer: @escaping @Sendable ([Refusal?]) -> Reply
    ) -> Deferred<Reply> {
        let counts = Dictionary(wanted.lazy.map { ($0.resource, 1) }, uniquingKeysWith: +)
        var results: [Refusal?] = []
        var left: [(place: Int, alteration: ConfigAlteration)] = []
        for (place, alteration) in wanted.enumerated() {
            do throws(Refusal) {
                guard counts[alteration.resource] == 1 else {
                    throw .invalidRequest("Each resource must appear at most once.")
                }
                try alteration.checkForm()
                try checkBroker(alteration)
                if let denial = denial(alteration.resource) { throw denial }
                if alteration.resource.kind == .logger {
                    try alterLoggers(alteration, validateOnly: validateOnly)
                } else {
                    left.append((place, alteration))
                }
                results.append(nil)
            } catch {
                results.append(error)
            }
        }
        let (known, places) = (results, left.map(\.place))
        @Sendable func all(_ refusals: [Refusal?]) -> [Refusal?] {
            var all = known
            for (place, refusal) in zip(places, refusals) { all[place] = refusal }
            return all
        }
        let reply = Deferred<Reply>()
        guard !left.isEmpty else {
            reply.complete(answer(known))
            return reply
        }
        broker.catalog.configure(left.map(\.alteration), by: requester, validateOnly: validateOnly) {
            reply.complete(answer(all($0)))
        }
        return DiskWait.limited(reply, on: loop) { answer(all(places.map { _ in .outOfTime })) }
    }

    private func alterLoggers(_ alteration: ConfigAlteration, validateOnly: Bool) throws(Refusal) {
        try broker.catalog.configuration.checkName(
            alteration.resource.name, "Unexpected node id. Expected \(broker.nodeID),")
        try broker.loggers.alter(alteration.edits, validateOnly: validateOnly)
    }

    /// Kafka's broker looks at what concerns itself before it asks for rights.
    private func checkBroker(_ alteration: ConfigAlteration) throws(Refusal) {
        guard alteration.resource.kind == .broker else { return }
        let configs = broker.catalog.configuration
        let (name, isOwn) = (alteration.resource.name, !alteration.resource.name.isEmpty)
        if isOwn { try configs.checkName(name) }
        let values = try alteration.values(from: isOwn ? configs.own : configs.cluster)
        _ = try configs.altered(alteration.resource, to: values)
    }
}
